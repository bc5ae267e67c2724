// rxdb.mjs: RxDB's replicateCouchDB: two collections kept equal through one node.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createRxDatabase } from 'rxdb';
import { replicateCouchDB } from 'rxdb/plugins/replication-couchdb';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { CloudSync, sleep } from '../lib/node.mjs';

// A global since node 19, and what RxDB hashes schemas with.
globalThis.crypto ??= webcrypto;

const schema = {
  version: 0, primaryKey: 'id', type: 'object',
  properties: { id: { type: 'string', maxLength: 100 }, text: { type: 'string' }, n: { type: 'number' } },
  required: ['id'],
};

const basic = `Basic ${Buffer.from('admin:password').toString('base64')}`;
const withLogin = (url, options = {}) =>
  fetch(url, { ...options, headers: { ...options.headers, authorization: basic, 'content-type': 'application/json' } });

let made = 0;
async function client(node, name) {
  const database = await createRxDatabase({ name: `client${made++}`, storage: getRxStorageMemory(), multiInstance: false });
  const { docs } = await database.addCollections({ docs: { schema } });
  const replication = replicateCouchDB({
    replicationIdentifier: `through-${name}`, collection: docs, url: `http://127.0.0.1:${node.port}/${name}/`,
    fetch: withLogin, live: true, retryTime: 200, pull: { batchSize: 7, heartbeat: 1000 }, push: { batchSize: 5 },
  });
  return { docs, replication, close: async () => { await replication.cancel(); await database.close(); } };
}

async function all(docs) {
  const found = await docs.find().exec();
  return found.map((d) => d.toMutableJSON()).sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function converge(clients, enough, ms = 30000) {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const held = await Promise.all(clients.map((c) => all(c.docs)));
    if (held.every((one) => isDeepStrictEqual(one, held[0])) && enough(held[0])) return held[0];
    if (Date.now() > end) assert.deepEqual(held[1], held[0], 'the clients did not become equal and complete');
    assert.ok(Date.now() < end, `equal, but not all is there: ${JSON.stringify(held[0]).slice(0, 1000)}`);
  }
}

async function two(name) {
  const node = await CloudSync.start();
  assert.equal((await withLogin(`http://127.0.0.1:${node.port}/${name}`, { method: 'PUT' })).status, 201);
  const left = await client(node, name), right = await client(node, name);
  return { node, left, right, end: async () => { await left.close(); await right.close(); await node.stop(); } };
}

export async function rxdbKeepsTwoCollectionsEqual() {
  const { node, left, right, end } = await two('rx');
  await left.docs.bulkInsert(Array.from({ length: 20 }, (_, i) => ({ id: `l${i}`, text: 'from left', n: i })));
  await right.docs.insert({ id: 'r', text: 'from right', n: 1 });
  await converge([left, right], (docs) => docs.length === 21);
  await (await right.docs.findOne('l3').exec()).patch({ text: 'changed' });
  await (await left.docs.findOne('r').exec()).remove();
  const docs = await converge([left, right], (d) => d.length === 20 && d.some((x) => x.text === 'changed'));
  assert.equal(docs.find((d) => d.id === 'l3').text, 'changed');
  // It is on the server as plain documents of CouchDB, and what others write there comes back.
  const stored = await (await withLogin(`http://127.0.0.1:${node.port}/rx/l3`)).json();
  assert.equal(stored.text, 'changed');
  await withLogin(`http://127.0.0.1:${node.port}/rx/l3`, { method: 'PUT', body: JSON.stringify({ ...stored, text: 'by REST' }) });
  await converge([left, right], (d) => d.some((x) => x.text === 'by REST'));
  await end();
}

export async function rxdbResolvesConflicts() {
  const { left, right, end } = await two('rxconflicts');
  await left.docs.insert({ id: 'shared', text: 'first', n: 0 });
  await converge([left, right], (docs) => docs.length === 1);
  // Both change it at once: the server refuses one, which resolves it with its conflict handler.
  const edit = async (c, text) => (await c.docs.findOne('shared').exec()).patch({ text });
  await Promise.all([edit(left, 'left'), edit(right, 'right')]);
  const [doc] = await converge([left, right], (d) => d[0].text !== 'first');
  assert.ok(['left', 'right'].includes(doc.text));
  await end();
}

export async function rxdbSurvivesRestarts() {
  const { node, left, right, end } = await two('rxrestarts');
  let n = 0, writing = true;
  const write = async (c, side) => {
    for (let i = 0; writing; i++, n++, await sleep(5)) await c.docs.insert({ id: `${side}${i}`, n: i });
  };
  const writers = [write(left, 'l'), write(right, 'r')];
  for (let i = 0; i < 4; i++) {
    await sleep(400);
    if (i % 2 === 0) await node.kill(); else await node.end();
    await sleep(100);
    await node.boot();
  }
  writing = false;
  await Promise.all(writers);
  assert.ok(n > 100, `too little was written: ${n}`);
  await converge([left, right], (docs) => docs.length === n);
  await end();
}
