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
  await fetch(`${node.url.replace('admin:password@', '')}/events/_security`, { method: 'PUT', body: '{"members":{"roles":[]}}',
    headers: { authorization: `Basic ${Buffer.from('admin:password').toString('base64')}` } });
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
