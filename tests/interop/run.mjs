// run.mjs: unmodified PouchDB clients against a node; each case is a line, the last line counts them.
// SPDX-License-Identifier: Apache-2.0
import * as pouchdb from './pouchdb.mjs';

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
