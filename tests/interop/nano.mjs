// nano.mjs: Apache CouchDB's own client for node against a node: what an app's server side calls.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { CloudSync, sleep } from '../lib/node.mjs';

const Nano = createRequire(import.meta.url)('nano');

async function database(name) {
  const node = await CloudSync.start();
  const server = Nano(node.url);
  await server.db.create(name);
  return { node, server, db: server.use(name) };
}

export async function nanoWritesReadsAndDeletes() {
  const { node, server, db } = await database('crud');
  assert.deepEqual(await server.db.list(), ['crud']);
  assert.equal((await server.db.get('crud')).doc_count, 0);
  await assert.rejects(server.db.create('crud'), { statusCode: 412, error: 'file_exists' });
  await assert.rejects(server.db.create('Bad Name'), { statusCode: 400, error: 'illegal_database_name' });
  const made = await db.insert({ n: 1 }, 'a/b ü');
  assert.equal((await db.head('a/b ü')).etag, `"${made.rev}"`);
  await assert.rejects(db.insert({ n: 2 }, 'a/b ü'), { statusCode: 409, error: 'conflict' });
  const updated = await db.insert({ _rev: made.rev, n: 2 }, 'a/b ü');
  assert.equal((await db.get('a/b ü', { revs_info: true }))._revs_info.length, 2);
  const rows = await db.bulk({ docs: [{ _id: 'x' }, { _id: 'y' }, { _id: 'a/b ü', _rev: made.rev }] });
  assert.deepEqual(rows.map((r) => r.error), [undefined, undefined, 'conflict']);
  assert.deepEqual((await db.list({ startkey: 'x' })).rows.map((r) => r.id), ['x', 'y']);
  assert.deepEqual((await db.fetch({ keys: ['y', 'none'] })).rows.map((r) => r.error), [undefined, 'not_found']);
  assert.equal((await db.destroy('a/b ü', updated.rev)).ok, true);
  await assert.rejects(db.get('a/b ü'), { statusCode: 404, reason: 'deleted' });
  assert.equal((await server.uuids(3)).uuids.length, 3);
  assert.equal((await server.db.compact('crud')).ok, true);
  assert.deepEqual((await server.db.destroy('crud')), { ok: true });
  await assert.rejects(db.info(), { statusCode: 404 });
  await node.stop();
}

export async function nanoSendsAndReadsAttachments() {
  const { node, db } = await database('attachments');
  const bytes = Buffer.from(Array.from({ length: 100001 }, (_, i) => (i * 7 + (i >> 8)) & 255));
  const alone = await db.attachment.insert('one', 'f.bin', bytes, 'application/x-test');
  assert.ok(bytes.equals(await db.attachment.get('one', 'f.bin')));
  const digest = `md5-${createHash('md5').update(bytes).digest('base64')}`;
  assert.equal((await db.get('one'))._attachments['f.bin'].digest, digest);
  await db.attachment.destroy('one', 'f.bin', { rev: alone.rev });
  // multipart/related, out and in.
  await db.multipart.insert({ title: 't' }, [
    { name: 'a.txt', data: 'héllo', content_type: 'text/plain' },
    { name: 'b.bin', data: bytes, content_type: 'application/octet-stream' },
  ], 'many');
  assert.equal((await db.attachment.get('many', 'a.txt')).toString(), 'héllo');
  assert.ok((await db.multipart.get('many')).includes(bytes));
  const stream = db.attachment.getAsStream('many', 'b.bin');
  const pieces = [];
  stream.on('data', (piece) => pieces.push(piece));
  await once(stream, 'end');
  assert.ok(bytes.equals(Buffer.concat(pieces)));
  await node.stop();
}

// nano has no call of its own for COPY; its request () takes any method.
export async function nanoCopiesDocuments() {
  const { node, server, db } = await database('copies');
  const copy = (doc, Destination) => server.request({ db: 'copies', doc, method: 'COPY', headers: { Destination } });
  await db.attachment.insert('from', 'f', Buffer.from('bytes'), 'text/plain');
  await db.insert({ ...(await db.get('from')), n: 1 });
  const copied = await copy('from', 'to');
  assert.match(copied.rev, /^1-/);
  assert.equal((await db.get('to')).n, 1);
  assert.equal((await db.attachment.get('to', 'f')).toString(), 'bytes');
  await assert.rejects(copy('from', 'to'), { statusCode: 409 });
  assert.match((await copy('from', `to?rev=${copied.rev}`)).rev, /^2-/);
  await assert.rejects(copy('none', 'other'), { statusCode: 404 });
  await assert.rejects(server.db.replicate('copies', 'elsewhere'), { statusCode: 501, error: 'not_implemented' });
  await node.stop();
}

export async function nanoFollowsChangesThroughRestarts() {
  const { node, db } = await database('follow');
  const seen = [];
  const reader = db.changesReader.start({ since: '0', includeDocs: true, timeout: 2000, wait: false, batchSize: 10 });
  reader.on('change', (change) => seen.push(change.doc._id));
  reader.on('error', () => {});
  const write = (from, to) => db.bulk({ docs: Array.from({ length: to - from }, (_, i) => ({ _id: `d${from + i}` })) });
  await write(0, 15);
  while (seen.length < 15) await sleep(20);
  await node.kill();
  await sleep(100);
  await node.boot();
  await write(15, 25);
  await node.end();
  await node.boot();
  await write(25, 30);
  for (const limit = Date.now() + 20000; new Set(seen).size < 30 && Date.now() < limit;) await sleep(50);
  db.changesReader.stop();
  assert.deepEqual([...new Set(seen)].sort(), Array.from({ length: 30 }, (_, i) => `d${i}`).sort());
  await node.stop();
}
