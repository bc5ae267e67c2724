// run.mjs: unmodified PouchDB clients against a node; each case is a line, the last line counts them.
// SPDX-License-Identifier: Apache-2.0
import * as pouchdb from './pouchdb.mjs';

// PouchDB's own retries leave a rejection behind for each request that met no server; what counts is that the
// databases converge.
process.on('unhandledRejection', (error) => {
  if (error.name !== 'FetchError') throw error;
});

let passed = 0, failed = 0;
for (const [name, run] of Object.entries(pouchdb)) {
  try {
    await run();
    passed++;
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${name}\n${error.stack}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
