// browser.mjs: an app's page in Chromium that talks to a node of another origin: CORS with Basic and with a cookie session, feeds.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { CloudSync, sleep } from '../lib/node.mjs';
import { Chromium, pages } from './chromium.mjs';
import { PouchDB } from './pouch.mjs';

// A node that takes calls from the app's origin, the app's page in a browser, and the database `name`.
async function app(name, sets = []) {
  const site = await pages();
  const node = await CloudSync.start({ sets: [`sync.cors-origins=${site.origin}`, 'sync.cors-credentials=true', ...sets] });
  const browser = await Chromium.start();
  const remote = new PouchDB(`${node.url}/${name}`);
  await remote.info();
  const end = async () => { await browser.stop(); site.close(); await node.stop(); };
  return { site, node, browser, remote, end, page: await browser.open(`${site.origin}/`) };
}

async function until(what, check, ms = 20000) {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const value = await check();
    if (value) return value;
    assert.ok(Date.now() < end, `within ${ms} ms: ${what}`);
  }
}

export async function browserSyncsAcrossOriginsWithBasic() {
  const { node, remote, page, end } = await app('basic');
  await remote.put({ _id: 'from-server', n: 1 });
  await remote.putAttachment('picture', 'p.bin', Buffer.alloc(100000, 'abc'), 'application/octet-stream');
  await page.run((url) => {
    globalThis.db = new PouchDB('local');
    db.sync(url, { live: true, retry: true, back_off_function: () => 100 }).on('error', () => {});
  }, `${node.url}/basic`);
  await until('the page has what the server had', () => page.run(async () => (await db.allDocs()).rows.length === 2));
  assert.equal(await page.run(async () => (await db.getAttachment('picture', 'p.bin')).size), 100000);
  await page.run(async () => {
    await db.put({ _id: 'from-page', _attachments: { t: { content_type: 'text/plain', data: new Blob(['héllo']) } } });
    await db.put({ ...(await db.get('from-server')), n: 2 });
  });
  await until('the server has what the page wrote', async () => (await remote.get('from-server')).n === 2);
  assert.equal((await until('and its attachment', () => remote.getAttachment('from-page', 't').catch(() => null))).toString(), 'héllo');
  // The page goes on by itself after the node was killed.
  await node.kill();
  await page.run(() => db.put({ _id: 'while-down' }));
  await node.boot();
  await until('what was written while the node was down', () => remote.get('while-down').catch(() => null));
  await remote.remove(await remote.get('from-page'));
  await until('a deletion', () => page.run(() => db.get('from-page').then(() => false, (e) => e.reason === 'deleted')));
  await end();
}

const asAdmin = (node, path, options) => fetch(`http://127.0.0.1:${node.port}${path}`, { ...options,
  headers: { authorization: `Basic ${Buffer.from('admin:password').toString('base64')}`, 'content-type': 'application/json' } });

export async function browserSyncsWithACookieSession() {
  const { node, remote, page, end } = await app('private');
  const user = { name: 'ann', password: 'her secret', roles: [], type: 'user' };
  assert.equal((await asAdmin(node, '/_users/org.couchdb.user:ann', { method: 'PUT', body: JSON.stringify(user) })).status, 201);
  await asAdmin(node, '/private/_security', { method: 'PUT', body: JSON.stringify({ members: { names: ['ann'] } }) });
  await remote.put({ _id: 'for-ann' });
  const url = `http://127.0.0.1:${node.port}`;
  await page.run((server) => {
    globalThis.call = (path, options = {}) => fetch(server + path, { credentials: 'include', ...options });
    globalThis.login = (name, password) => call('/_session', { method: 'POST', body: new URLSearchParams({ name, password }) });
    globalThis.db = new PouchDB('mine');
    globalThis.far = new PouchDB(`${server}/private`,
      { skip_setup: true, fetch: (u, o) => PouchDB.fetch(u, { ...o, credentials: 'include' }) });
  }, url);
  assert.equal(await page.run(async () => (await call('/private')).status), 401, 'before the login');
  assert.equal(await page.run(async () => (await login('ann', 'wrong')).status), 401);
  const logged = await page.run(async () => { const r = await login('ann', 'her secret'); return [r.status, await r.json()]; });
  assert.deepEqual(logged, [200, { ok: true, name: 'ann', roles: [] }]);
  assert.equal(await page.run(() => document.cookie), '', 'scripts cannot read the cookie');
  assert.equal(await page.run(async () => (await (await call('/_session')).json()).userCtx.name), 'ann');
  await page.run(async () => {
    await db.put({ _id: 'from-ann', _attachments: { t: { content_type: 'text/plain', data: new Blob(['mine']) } } });
    db.sync(far, { live: true, retry: true, back_off_function: () => 100 }).on('error', () => {});
  });
  await until('ann has her document', () => page.run(() => db.get('for-ann').then(() => true, () => false)));
  assert.equal((await until('the server has hers', () => remote.getAttachment('from-ann', 't').catch(() => null))).toString(), 'mine');
  // The session outlives the node: nothing of it is kept there but a secret.
  await node.kill();
  await node.boot();
  await remote.put({ _id: 'after-restart' });
  await until('the session goes on after a SIGKILL', () => page.run(() => db.get('after-restart').then(() => true, () => false)));
  await page.run((server) => {
    globalThis.events = [];
    const source = new EventSource(`${server}/private/_changes?feed=eventsource&since=now&heartbeat=1000`, { withCredentials: true });
    source.onmessage = (e) => events.push(JSON.parse(e.data).id);
    return new Promise((resolve) => { source.onopen = () => resolve(); });
  }, url);
  await remote.put({ _id: 'told' });
  await until('an EventSource sends the cookie', () => page.run(() => events.includes('told')));
  assert.equal(await page.run(async () => (await call('/_session', { method: 'DELETE' })).status), 200);
  assert.equal(await page.run(async () => (await call('/private')).status), 401, 'after the logout');
  await end();
}

export async function browserOfAnotherOriginIsKeptOut() {
  const { node, browser, end } = await app('kept');
  const other = await pages();
  const page = await browser.open(`${other.origin}/`);
  const tried = await page.run((url) => fetch(url).then(() => 'read', (e) => e.name), `http://127.0.0.1:${node.port}/`);
  assert.equal(tried, 'TypeError', 'a page of an origin that is not listed reads nothing');
  other.close();
  await end();
}

export async function browserFollowsAnEventSource() {
  const { node, remote, page, end } = await app('events');
  await asAdmin(node, '/events/_security', { method: 'PUT', body: '{"members":{"roles":[]}}' });
  await remote.put({ _id: 'one' });
  await page.run((url) => {
    globalThis.seen = []; globalThis.ids = []; globalThis.heartbeats = 0; globalThis.opened = 0;
    const source = new EventSource(url);
    source.onopen = () => opened++;
    source.onmessage = (e) => { seen.push(JSON.parse(e.data).id); ids.push(e.lastEventId); };
    source.addEventListener('heartbeat', () => heartbeats++);
  }, `http://127.0.0.1:${node.port}/events/_changes?feed=eventsource&heartbeat=200`);
  await until('the first event', () => page.run(() => seen.length === 1));
  await remote.put({ _id: 'two' });
  await until('the second', () => page.run(() => seen.length === 2));
  await until('heartbeats as events', () => page.run(() => heartbeats > 2));
  // The browser reconnects with Last-Event-ID: what came in between arrives once, nothing arrives twice.
  await node.end();
  await node.boot();
  await remote.put({ _id: 'three' });
  await until('the third, after a restart', () => page.run(() => seen.length >= 3));
  await sleep(500);
  assert.deepEqual(await page.run(() => seen), ['one', 'two', 'three']);
  assert.equal((await page.run(() => new Set(ids).size)), 3);
  assert.ok((await page.run(() => opened)) >= 2);
  await end();
}
