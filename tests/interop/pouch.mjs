// pouch.mjs: what the PouchDB cases share: a pair of local databases in live sync, and when all hold the same.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createRequire } from 'node:module';
import { CloudSync, sleep } from '../lib/node.mjs';

export const PouchDB = createRequire(import.meta.url)('pouchdb');

// Two local databases, each in live sync with the node's database `name`, and what is needed to end them.
export async function pair(name, sets = []) {
  const node = await CloudSync.start({ sets });
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'pouchdb-'));
  const open = (side) => new PouchDB(path.join(dir, side));
  const left = open('left'), right = open('right');
  const remote = `${node.url}/${name}`;
  await new PouchDB(remote).info(); // the client makes the database
  const start = (db) => db.sync(remote, { live: true, retry: true, back_off_function: () => 100 })
    .on('error', () => {});
  const syncs = [start(left), start(right)];
  const end = async () => {
    for (const sync of syncs) sync.cancel();
    await Promise.all([left.close(), right.close()]);
    await node.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  };
  return { node, left, right, remote: new PouchDB(remote, { skip_setup: true }), syncs, start, end };
}

// Everything a database holds that must become equal: winners, conflicts, attachments.
export async function contents(db) {
  const { rows } = await db.allDocs({ include_docs: true, conflicts: true, attachments: true });
  return rows.map(({ doc }) => ({
    ...doc,
    _conflicts: (doc._conflicts ?? []).sort(),
    _attachments: Object.fromEntries(Object.entries(doc._attachments ?? {})
      .map(([name, a]) => [name, { type: a.content_type, data: a.data }])),
  }));
}

export async function converge(databases, enough, ms = 30000) {
  const end = Date.now() + ms;
  for (;;) {
    // A database that the first sync has yet to make cannot be read; neither can a server that is down.
    const all = await Promise.all(databases.map((db) => contents(db).catch((error) => `${error.name}: ${error.message}`)));
    const equal = all.every((one) => Array.isArray(one) && isDeepStrictEqual(one, all[0]));
    if (equal && enough(all[0])) return all[0];
    if (Date.now() > end) {
      for (const one of all.slice(1)) assert.deepEqual(one, all[0]);
      throw new Error(`equal, but not all is there: ${JSON.stringify(all[0]).slice(0, 2000)}`);
    }
    await sleep(100);
  }
}

// Bytes of every value, the same each time.
export const binary = (size) => Buffer.from(Array.from({ length: size }, (_, i) => (i * 131 + (i >> 8)) & 255));
