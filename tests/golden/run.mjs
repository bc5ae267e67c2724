// run.mjs: replays the recorded CouchDB conversations against a node and holds the result to exceptions.json.
// SPDX-License-Identifier: Apache-2.0
//
//   node run.mjs [TOPIC-PREFIX …] [-v]
//
// A step named in exceptions.json must fail; one that passes is an error too, so the list stays true.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { replayFile } from './couchdb/replay.mjs';
import { CloudSync } from '../lib/node.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const verbose = process.argv.includes('-v');
const wanted = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const { topics, exceptions } = JSON.parse(fs.readFileSync(path.join(here, 'exceptions.json'), 'utf8'));
const chosen = wanted.length ? wanted : topics;
const files = fs.readdirSync(path.join(here, 'couchdb'))
  .filter((f) => f.endsWith('.json') && chosen.some((w) => f.startsWith(w))).sort();

const node = await CloudSync.start({ sets: ['sync.cors-origins=*', 'sync.cors-credentials=true'] });
let passed = 0, failed = 0, excepted = 0;
for (const file of files) {
  const { topic, passed: good, problems } = await replayFile(path.join(here, 'couchdb', file), node.url);
  const listed = exceptions[topic] ?? [];
  const known = (p) => listed.some((e) => e.step === p.i && e.what === p.what);
  const news = problems.filter((p) => !known(p));
  const stale = listed.filter((e) => !problems.some((p) => p.i === e.step && p.what === e.what));
  passed += good - stale.length;
  failed += news.length + stale.length;
  excepted += problems.length - news.length;
  console.log(`${topic}: ${good} passed, ${news.length} failed, ${problems.length - news.length} excepted`);
  for (const p of news) console.log(`  step ${p.i} ${p.what ?? ''}\n    ${p.req ?? ''}\n    ${p.why}`);
  for (const e of stale) console.log(`  step ${e.step} ${e.what}: listed in exceptions.json, but it passes`);
  if (verbose) for (const e of listed) console.log(`  excepted: step ${e.step} ${e.what}: ${e.reason}`);
}
const code = await node.stop();
if (code !== 0) { failed++; console.log(`the node ended with exit code ${code}:\n${node.log}`); }
console.log(`${excepted} steps are exceptions, each with its reason in exceptions.json`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
