// run.mjs: unmodified clients against a node; each case is a line with its time, the last line counts them.
// SPDX-License-Identifier: Apache-2.0
//
//   node run.mjs [PART-OF-A-NAME …]
import * as pouchdb from './pouchdb.mjs';
import * as attachments from './pouchdb-attachments.mjs';
import * as nano from './nano.mjs';
import * as rxdb from './rxdb.mjs';
import * as rest from './rest.mjs';
import * as replicator from './couchdb-replicator.mjs';
import * as browser from './browser.mjs';
import * as websocket from './websocket.mjs';

// PouchDB's own retries leave a rejection behind for each request that met no server; what counts is that the
// databases converge.
process.on('unhandledRejection', (error) => {
  if (error.name !== 'FetchError') throw error;
});

let passed = 0, failed = 0;
const wanted = process.argv.slice(2);
const cases = Object.entries({ ...pouchdb, ...attachments, ...nano, ...rxdb, ...rest, ...replicator, ...browser, ...websocket })
  .filter(([name]) => wanted.length === 0 || wanted.some((w) => name.includes(w)));
for (const [name, run] of cases) {
  const begun = Date.now();
  try {
    await run();
    passed++;
    console.log(`ok ${name} ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}\n${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
