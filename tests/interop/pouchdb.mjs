// pouchdb.mjs: two local PouchDB databases kept equal by live two-way sync through one node.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { sleep } from '../lib/node.mjs';
import { PouchDB, pair, converge, binary } from './pouch.mjs';

export async function documentsTravelBothWays() {
  const { left, right, remote, end } = await pair('both_ways');
  await Promise.all([left.put({ _id: 'from-left', n: 1 }), right.put({ _id: 'from-right', n: 2 })]);
  await converge([left, right, remote], (docs) => docs.length === 2);
  await left.put({ ...(await left.get('from-right')), n: 3 });
  await right.remove(await right.get('from-left'));
  const docs = await converge([left, right, remote], (d) => d.length === 1 && d[0].n === 3);
  assert.equal(docs[0]._id, 'from-right');
  await end();
}

export async function conflictsAreKeptAndResolvedEverywhere() {
  const { left, right, remote, syncs, start, end } = await pair('conflicts');
  await left.put({ _id: 'shared', text: 'first' });
  await converge([left, right, remote], (docs) => docs.length === 1);

  for (const sync of syncs.splice(0)) sync.cancel();
  await sleep(200);
  await left.put({ ...(await left.get('shared')), text: 'left' });
  await right.put({ ...(await right.get('shared')), text: 'right' });
  syncs.push(start(left), start(right));
  const [doc] = await converge([left, right, remote], (docs) => docs[0]._conflicts.length === 1);

  await right.remove('shared', doc._conflicts[0]);
  await converge([left, right, remote], (docs) => docs[0]._conflicts.length === 0);
  await end();
}

export async function attachmentsTravelWhole() {
  const { left, right, remote, end } = await pair('attachments');
  const data = binary(200000);
  await left.put({ _id: 'picture', _attachments: {
    'a.bin': { content_type: 'application/octet-stream', data: data.toString('base64') },
    'note.txt': { content_type: 'text/plain', data: Buffer.from('h\u00e9llo').toString('base64') },
  } });
  await converge([left, right, remote], (docs) => docs.length === 1);
  const got = await right.getAttachment('picture', 'a.bin');
  assert.ok(data.equals(got));
  await right.put({ ...(await right.get('picture')), title: 'kept stubs' });
  await converge([left, right, remote], (docs) => docs[0].title === 'kept stubs');
  assert.ok(data.equals(await left.getAttachment('picture', 'a.bin')));
  await end();
}

export async function syncSurvivesAKilledServer() {
  const { node, left, right, remote, end } = await pair('killed');
  const data = binary(5000).toString('base64');
  let writing = true;
  const write = async (db, side) => {
    for (let i = 0; writing && i < 400; i++) {
      await db.put({ _id: `${side}-${String(i).padStart(4, '0')}`, i,
        ...(i % 10 === 0 ? { _attachments: { f: { content_type: 'application/x-test', data } } } : {}) });
      // The same id on both sides without coordination: conflicts arise while the node goes and comes.
      if (i % 25 === 0) await db.put({ _id: `both-${i}`, side }).catch((e) => assert.equal(e.status, 409));
      await sleep(10);
    }
  };
  const writers = [write(left, 'left'), write(right, 'right')];
  for (let i = 0; i < 3; i++) {
    await sleep(700);
    await node.kill();
    await sleep(150);
    await node.boot();
  }
  await sleep(500);
  writing = false;
  await Promise.all(writers);
  const count = async (db, side) => (await db.allDocs({ startkey: `${side}-`, endkey: `${side}-\uffff` })).rows.length;
  const written = [await count(left, 'left'), await count(right, 'right')];
  const docs = await converge([left, right, remote], (all) =>
    all.filter((d) => d._id.startsWith('left-')).length === written[0]
    && all.filter((d) => d._id.startsWith('right-')).length === written[1]);
  assert.ok(docs.some((d) => d._conflicts.length > 0), 'conflicts arose and were kept');
  assert.ok(written[0] > 20 && written[1] > 20, `too little was written: ${written}`);
  await end();
}
