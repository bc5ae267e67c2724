// rest.mjs: an app with PouchDB beside one that has nothing but fetch: both see each other's documents.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { sleep } from '../lib/node.mjs';
import { pair } from './pouch.mjs';

const json = { 'content-type': 'application/json' };

export async function plainDocumentsReachPouchdbAndBack() {
  const { node, left, right, remote, syncs, end } = await pair('config');
  const base = `http://127.0.0.1:${node.port}/v1/config`;
  const authorization = `Basic ${Buffer.from('admin:password').toString('base64')}`;
  const ask = async (method, path, body, headers = {}) =>
    fetch(base + path, { method, body: body && JSON.stringify(body), headers: { authorization, ...json, ...headers } });
  const arrives = async (db, id, theme) => {
    for (const end = Date.now() + 10000; ; await sleep(50)) {
      const doc = await db.get(id).catch(() => null);
      if (doc?.theme === theme) return;
      if (Date.now() > end) assert.equal(doc?.theme, theme);
    }
  };

  // Written plainly, read by two PouchDBs.
  assert.equal((await ask('PUT', '/42', { theme: 'dark' })).status, 201);
  await arrives(left, '42', 'dark');
  await arrives(right, '42', 'dark');

  // Edited in PouchDB, with an attachment; read and patched plainly.
  const doc = await left.get('42');
  await left.put({ ...doc, theme: 'light', _attachments: { a: { content_type: 'text/plain', data: btoa('kept') } } });
  await arrives(right, '42', 'light');
  const read = await ask('GET', '/42');
  assert.deepEqual(await read.json(), { theme: 'light' });
  const patched = await ask('PATCH', '/42', { theme: 'patched' },
    { 'content-type': 'application/merge-patch+json', 'if-match': read.headers.get('etag') });
  assert.equal(patched.status, 200);
  await arrives(left, '42', 'patched');
  assert.equal((await right.getAttachment('42', 'a')).toString(), 'kept');

  // Two PouchDBs that were apart disagree; a plain deletion is the end of it for both.
  for (const sync of syncs) sync.cancel();
  for (const [db, theme] of [[left, 'left'], [right, 'right']]) await db.put({ ...(await db.get('42')), theme });
  await left.sync(remote);
  await right.sync(remote);
  assert.equal((await remote.get('42', { conflicts: true }))._conflicts.length, 1);
  assert.equal((await ask('DELETE', '/42')).status, 204);
  await left.sync(remote);
  await right.sync(remote);
  for (const db of [left, right]) await assert.rejects(db.get('42'), { status: 404 });

  // What PouchDB deletes is gone here.
  await left.put({ _id: 'other', theme: 'short' });
  await left.sync(remote);
  assert.equal((await ask('GET', '/other')).status, 200);
  await left.remove(await left.get('other'));
  await left.sync(remote);
  assert.equal((await ask('GET', '/other')).status, 404);
  assert.deepEqual((await (await ask('GET', '')).json()).items, []);
  await end();
}
