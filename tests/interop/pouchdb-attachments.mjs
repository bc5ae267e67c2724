// pouchdb-attachments.mjs: attachments of every size travel through a node with their bytes and digests.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sleep } from '../lib/node.mjs';
import { PouchDB, pair } from './pouch.mjs';

const KiB = 1024, MiB = 1024 * 1024;
const sizes = [0, 1, 64 * KiB - 1, 64 * KiB, 64 * KiB + 1, MiB];

// xorshift32, so that nothing on the way can make the bytes fewer.
function noise(size) {
  const bytes = Buffer.alloc(size + 4);
  for (let i = 0, x = size + 1; i < size; i += 4) {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    bytes.writeInt32LE(x, i);
  }
  return bytes.subarray(0, size);
}
const text = (size) => Buffer.alloc(size, 'the same line again and again\n');
const kinds = { 'application/octet-stream': noise, 'text/plain': text };
const md5 = (bytes) => `md5-${createHash('md5').update(bytes).digest('base64')}`;

async function check(db, id, name, bytes, where) {
  const got = await db.getAttachment(id, name);
  assert.equal(got.length, bytes.length, `length of ${id} ${where}`);
  assert.equal(md5(got), md5(bytes), `digest of ${id} ${where}`);
  const stub = (await db.get(id))._attachments[name];
  assert.equal(stub.digest, md5(bytes), `the stub's digest of ${id} ${where}`);
  assert.equal(stub.length, bytes.length, `the stub's length of ${id} ${where}`);
}

export async function attachmentsOfEverySizeTravel() {
  const { left, right, remote, syncs, end } = await pair('sizes');
  for (const sync of syncs) sync.cancel();
  for (const [type, make] of Object.entries(kinds)) {
    for (const size of sizes) {
      await left.put({ _id: `${type} ${size}`, _attachments: { 'a file.bin': { content_type: type, data: make(size) } } });
    }
  }
  const pushed = await left.replicate.to(remote);
  assert.equal(pushed.docs_written, 2 * sizes.length);
  await right.replicate.from(remote);
  for (const [type, make] of Object.entries(kinds)) {
    for (const size of sizes) {
      await check(remote, `${type} ${size}`, 'a file.bin', make(size), 'on the node');
      await check(right, `${type} ${size}`, 'a file.bin', make(size), 'pulled');
    }
  }
  // Standalone writes and deletions, over HTTP.
  const rev = (await remote.putAttachment('alone', 'x', noise(65537), 'application/x-noise')).rev;
  await check(remote, 'alone', 'x', noise(65537), 'put alone');
  await remote.removeAttachment('alone', 'x', rev);
  await assert.rejects(remote.getAttachment('alone', 'x'), { status: 404 });
  await end();
}

export async function anAttachmentOf50MegabytesTravels() {
  const big = noise(50 * MiB);
  const { left, right, remote, syncs, end } = await pair('big', ['http.max-body=128M']);
  for (const sync of syncs) sync.cancel();
  await left.put({ _id: 'big', _attachments: { film: { content_type: 'video/x-noise', data: big } } });
  await left.replicate.to(remote);
  await check(remote, 'big', 'film', big, 'on the node');
  await right.replicate.from(remote);
  await check(right, 'big', 'film', big, 'pulled');
  await end();
}

// The node ends in the middle of a push of many attachments, in good order and by SIGKILL; the client retries.
export async function attachmentsSurviveRestarts() {
  const { node, left, right, remote, syncs, end } = await pair('restarts');
  for (const sync of syncs.splice(0)) sync.cancel();
  const bytes = (i) => noise(200 * KiB + i);
  for (let i = 0; i < 40; i++) {
    await left.put({ _id: `d${i}`, _attachments: { f: { content_type: 'application/x-noise', data: bytes(i) } } });
  }
  const options = { live: true, retry: true, batch_size: 3, back_off_function: () => 100 };
  syncs.push(left.replicate.to(remote, options).on('error', () => {}));
  syncs.push(right.replicate.from(remote, options).on('error', () => {}));
  let interrupted = 0;
  for (let i = 0; i < 4; i++) {
    const before = (await right.info()).doc_count;
    while ((await right.info()).doc_count < Math.min(before + 3, 40)) await sleep(20);
    if ((await right.info()).doc_count < 40) interrupted++;
    if (i % 2 === 0) await node.kill(); else await node.end();
    await sleep(100);
    await node.boot();
  }
  for (const limit = Date.now() + 30000; (await right.info()).doc_count < 40;) {
    assert.ok(Date.now() < limit, 'not all documents came within 30 s');
    await sleep(50);
  }
  for (let i = 0; i < 40; i++) await check(right, `d${i}`, 'f', bytes(i), 'after restarts');
  assert.ok(interrupted >= 2, `the node ended in the middle only ${interrupted} times`);
  await end();
}

// Between two nodes, with PouchDB's replicator in the middle: what one node sends, the other takes.
export async function twoNodesReplicate() {
  const one = await pair('one'), two = await pair('two');
  for (const sync of [...one.syncs, ...two.syncs]) sync.cancel();
  for (let i = 0; i < 50; i++) await one.remote.put({ _id: `d${i}`, i });
  await one.remote.put({ _id: 'att', _attachments: { t: { content_type: 'text/plain', data: text(70000) } } });
  await one.remote.put({ _id: '_design/app', language: 'query', views: {} });
  await one.remote.remove(await one.remote.get('d7'));
  await PouchDB.replicate(one.remote, two.remote);
  await two.remote.put({ ...(await two.remote.get('d1')), changed: true });
  await PouchDB.replicate(two.remote, one.remote);
  await PouchDB.replicate(one.remote, two.remote);
  assert.equal((await one.remote.get('d1')).changed, true);
  await assert.rejects(two.remote.get('d7'), { status: 404, reason: 'deleted' });
  await check(two.remote, 'att', 't', text(70000), 'on the other node');
  const all = async (db) => (await db.allDocs({ include_docs: true })).rows.map((r) => r.doc);
  assert.deepEqual(await all(one.remote), await all(two.remote));
  await one.end();
  await two.end();
}

// A rule that the node does not enforce is reported by the replication, which goes on with the rest.
export async function aRefusedDesignDocumentIsReportedAsDenied() {
  const { left, remote, syncs, end } = await pair('denied');
  for (const sync of syncs) sync.cancel();
  await left.put({ _id: '_design/rules', validate_doc_update: 'function () { throw({forbidden: 1}) }' });
  await left.put({ _id: 'after' });
  const denied = [];
  const result = await left.replicate.to(remote).on('denied', (e) => denied.push(e.id ?? e.doc?.id));
  assert.equal(result.doc_write_failures, 1);
  assert.deepEqual(denied, ['_design/rules']);
  assert.equal((await remote.get('after'))._id, 'after');
  await assert.rejects(remote.get('_design/rules'), { status: 404 });
  await end();
}
