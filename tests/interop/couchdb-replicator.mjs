// couchdb-replicator.mjs: plays what a stock CouchDB 3.4.3 replicator sends, one node as its source and one as its target, and
// holds each answer to the one that CouchDB gave.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parseMultipart, plainType, send } from '../golden/couchdb/replay.mjs';
import { CloudSync, sleep } from '../lib/node.mjs';

const capture = fs.readFileSync(new URL('captures/couchdb-replicator.jsonl', import.meta.url), 'utf8')
  .trim().split('\n').map((line) => JSON.parse(line)).sort((a, b) => a.id - b.id);

// The second attachment's bytes are not in the capture: these stand for them.
const bytes = Buffer.from(Array.from({ length: 70000 }, (_, i) => (i * 131 + (i >> 8) * 7) & 255));
const packed = gzipSync('hello');
const md5 = (data) => `md5-${createHash('md5').update(data).digest('base64')}`;
const attachmentRev = '1-3023f9ede0969b4c3eb3477c1ec2a320';

// PUT /dst/att as the replicator streams it: the document, then the parts in the order of its members.
function related(boundary) {
  const document = {
    _id: 'att', _rev: attachmentRev, _revisions: { start: 1, ids: [attachmentRev.slice(2)] },
    _attachments: {
      'a.txt': { content_type: 'text/plain', revpos: 1, digest: md5(packed), length: 5, follows: true, encoding: 'gzip', encoded_length: packed.length },
      'b.bin': { content_type: 'application/octet-stream', revpos: 1, digest: md5(bytes), length: bytes.length, follows: true },
    },
  };
  const part = (name, type, data, coding = '') => [`\r\n--${boundary}\r\nContent-Disposition: attachment; filename="${name}"\r\n`
    + `Content-Type: ${type}\r\nContent-Length: ${data.length}\r\n${coding}\r\n`, data];
  return Buffer.concat([`--${boundary}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(document)}`,
    ...part('a.txt', 'text/plain', packed, 'Content-Encoding: gzip\r\n'), ...part('b.bin', 'application/octet-stream', bytes),
    `\r\n--${boundary}--`].map((piece) => Buffer.from(piece)));
}

const boundaryOf = (type) => /boundary="?([^";]+)/.exec(type)[1];

// What is the server's own, or comes of an attachment being kept plain here and packed there.
const free = new Set(['seq', 'last_seq', 'update_seq', 'purge_seq', 'instance_start_time', 'sizes', 'cluster', 'digest']);
const packing = new Set(['encoding', 'encoded_length']);

// Ours has just the members that CouchDB's has, of the same types, and the same values but for those that are free.
function fits(theirs, ours, where) {
  if (theirs === null || typeof theirs !== 'object') return assert.deepEqual(ours, theirs, where);
  assert.equal(Array.isArray(ours), Array.isArray(theirs), where);
  const keys = (o) => Object.keys(o).filter((k) => !packing.has(k)).sort();
  assert.deepEqual(keys(ours), keys(theirs), `members of ${where}`);
  for (const k of keys(theirs)) {
    if (free.has(k)) assert.equal(typeof ours[k], typeof theirs[k], `${where}.${k}`);
    else fits(theirs[k], ours[k], `${where}.${k}`);
  }
}

// Not the framing: a client takes a length as well as chunks.
const kept = ['cache-control', 'etag', 'location'];

function fitsHeaders(theirs, ours, request, base) {
  const where = `${request.m} ${request.u}`;
  assert.equal(plainType(ours['content-type']), plainType(theirs['content-type']), where);
  for (const name of kept.filter((k) => theirs[k] !== undefined)) {
    const mine = ours[name]?.replace(base, 'http://127.0.0.1:31987');
    if (name === 'etag' && /_local|_changes/.test(request.u)) assert.match(mine, /^".+"$/, `${where}: ${name}`);
    else assert.equal(mine, theirs[name], `${where}: ${name}`);
  }
  for (const [i, cookie] of (theirs['set-cookie'] ?? []).entries()) {
    const names = (text) => text.split('; ').map((p) => p.split('=')[0]);
    const missing = names(cookie).filter((n) => n !== 'Expires' && !names(ours['set-cookie'][i]).includes(n));
    assert.deepEqual(missing, [], `${where}: attributes of the cookie`);
  }
}

// The documents of a multipart/mixed answer: each as JSON, those with attachments with what follows.
function documents(headers, body) {
  return parseMultipart(body, boundaryOf(headers['content-type'])).map((part) => ({ type: part.headers['content-type'],
    document: part.body ?? part.body_parts[0].body, follow: (part.body_parts ?? []).slice(1) }));
}

function fitsMultipart(request, ours) {
  const mine = documents(ours.headers, ours.body);
  const theirs = [...request.b.matchAll(/Content-Type: application\/json\r\n\r\n(.*?)\r\n/gs)].map((m) => JSON.parse(m[1]));
  assert.equal(mine.length, theirs.length);
  for (const [i, { type, document, follow }] of mine.entries()) {
    fits(theirs[i], document, request.u);
    const names = Object.keys(document._attachments ?? {});
    assert.equal(type, names.length ? 'multipart/related' : 'application/json');
    assert.deepEqual(follow.map((p) => p.headers['content-disposition']), names.map((n) => `attachment; filename="${n}"`));
    assert.deepEqual(follow.map((p) => p.headers['content-length']), names.map((n) => String(document._attachments[n].length)));
  }
}

// The two sides, each with its own session as the replicator keeps them.
class Sides {
  static async start() {
    const self = new Sides();
    self.src = await CloudSync.start();
    self.dst = await CloudSync.start();
    for (const name of ['src', 'dst']) await self.ask({ m: 'PUT', u: `/${name}`, h: {} }, null, 'basic');
    return self;
  }

  base(name) { return `http://127.0.0.1:${this[name].port}`; }

  ask(request, body, cookie) {
    const name = request.u.split('/')[1];
    const { host, 'content-length': length, cookie: theirs, ...headers } = request.h;
    const auth = cookie === 'basic' ? { user: 'admin', password: 'password' } : 'none';
    if (theirs) headers.cookie = cookie;
    const content = body === null ? {} : { body_base64: Buffer.from(body).toString('base64') };
    return send(this.base(name), { method: request.m, path: request.u, headers, auth, ...content });
  }

  login(name, type, form) {
    return send(this.base(name), { method: 'POST', path: '/_session', auth: 'none', headers: { 'content-type': type }, body_text: form });
  }

  async stop() { assert.deepEqual([await this.src.stop(), await this.dst.stop()], [0, 0]); }
}

// What the capture's source held, by the requests that the replicator wrote it with.
async function seed(sides) {
  for (const id of [22, 23, 26, 25]) {
    const request = capture.find((r) => r.id === id);
    const body = id === 25 ? related(boundaryOf(request.h['content-type'])) : request.rb;
    const docs = id === 26 ? JSON.stringify({ ...JSON.parse(body), docs: JSON.parse(body).docs.reverse() }) : body;
    const answer = await sides.ask({ ...request, u: request.u.replace('/dst', '/src') }, docs, 'basic');
    assert.equal(answer.status, 201, answer.body.toString());
  }
}

async function play(sides) {
  const cookies = [];
  let last = null;
  for (const request of capture) {
    const login = request.u === '/_session';
    const name = login ? ['src', 'dst'][cookies.length] : request.u.split('/')[1];
    let body = request.rb || null;
    if (request.m === 'PUT' && request.u.startsWith('/dst/att')) body = related(boundaryOf(request.h['content-type']));
    if (request.m === 'PUT' && request.u.includes('/_local/')) body = body.replace(/"5-[^"]*"/g, JSON.stringify(last));
    const answer = login ? await sides.login(name, request.h['content-type'], body)
      : await sides.ask(request, body, cookies[name === 'src' ? 0 : 1]);
    const where = `request ${request.id}, ${request.m} ${request.u}: ${answer.body.toString().slice(0, 300)}`;
    assert.equal(answer.status, request.s, where);
    fitsHeaders(request.rh, answer.headers, request, sides.base(name));
    if (login) cookies.push(answer.headers['set-cookie'][0].split(';')[0]);
    if (request.rh['content-type'].startsWith('multipart/')) fitsMultipart(request, answer);
    else fits(JSON.parse(request.b), JSON.parse(answer.body), where);
    if (request.u.includes('_changes')) last = JSON.parse(answer.body).last_seq;
  }
  return { cookies, last };
}

export async function couchdbsReplicatorIsServedAsByCouchdb() {
  const sides = await Sides.start();
  await seed(sides);
  const { cookies, last } = await play(sides);
  const read = (name, path) => sides.ask({ m: 'GET', u: `/${name}${path}`, h: { cookie: 'x' } }, null, cookies[name === 'src' ? 0 : 1]);
  // The target holds what the source does.
  const whole = async (name) => JSON.parse((await read(name, '/_all_docs?include_docs=true&attachments=true')).body).rows;
  assert.deepEqual(await whole('dst'), await whole('src'));
  assert.ok(bytes.equals((await read('dst', '/att/b.bin')).body));
  assert.equal((await read('dst', '/att/a.txt')).body.toString(), 'hello');
  // The next run finds its checkpoint on both sides and nothing to do after it.
  const checkpoint = capture.find((r) => r.m === 'PUT' && r.u.startsWith('/src/_local/')).u.slice('/src'.length);
  for (const name of ['src', 'dst']) {
    const found = JSON.parse((await read(name, checkpoint)).body);
    assert.equal(found.source_last_seq, last);
    assert.equal(found.history[0].recorded_seq, last);
    assert.equal(found._rev, '0-1');
  }
  const again = await read('src', `/_changes?feed=normal&style=all_docs&since=${encodeURIComponent(last)}&timeout=10000`);
  assert.deepEqual(JSON.parse(again.body), { results: [], last_seq: last, pending: 0 });
  await sides.stop();
}

// What the captured run does not reach: an update whose older attachments the target has, and a continuous replication.
export async function couchdbsReplicatorGoesOnContinuously() {
  const sides = await Sides.start();
  await seed(sides);
  const { cookies, last } = await play(sides);
  const since = encodeURIComponent(last);
  const get = (u, accept, side = 0) => sides.ask({ m: 'GET', u, h: { cookie: 'x', accept } }, null, cookies[side]);
  const put = (u, type, body) => sides.ask({ m: 'PUT', u, h: { cookie: 'x', 'content-type': type } }, body, cookies[1]);
  const feed = get(`/src/_changes?feed=continuous&style=all_docs&since=${since}&heartbeat=200&limit=1`, 'application/json');
  await sleep(900);
  const added = await sides.ask({ m: 'PUT', u: `/src/att/c.txt?rev=${attachmentRev}`, h: { 'content-type': 'text/x-new' } }, 'new bytes', 'basic');
  assert.equal(added.status, 201);
  const lines = (await feed).body.toString().split('\n');
  assert.ok(lines.filter((l) => l === '').length >= 3, 'heartbeats before the change');
  const row = JSON.parse(lines.find((l) => l.startsWith('{"seq"')));
  assert.equal(row.id, 'att');
  const rev = row.changes[0].rev;
  const list = (one) => encodeURIComponent(JSON.stringify([one]));
  const query = `revs=true&latest=true&open_revs=${list(rev)}&atts_since=${list(attachmentRev)}`;
  const answer = await get(`/src/att?${query}`, 'multipart/mixed');
  const [{ document, follow }] = documents(answer.headers, answer.body);
  assert.deepEqual(Object.entries(document._attachments).map(([n, a]) => [n, a.stub ? 'stub' : a.follows ? 'follows' : '']).sort(),
    [['a.txt', 'stub'], ['b.bin', 'stub'], ['c.txt', 'follows']]);
  assert.equal(follow.length, 1);
  // The replicator sends on what it got; the target keeps the bytes that it has.
  const boundary = 'next';
  const body = `--${boundary}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(document)}\r\n`
    + `--${boundary}\r\n\r\nnew bytes\r\n--${boundary}--`;
  const stored = await put('/dst/att?new_edits=false', `multipart/related; boundary="${boundary}"`, body);
  assert.equal(stored.status, 201, stored.body.toString());
  for (const name of ['a.txt', 'b.bin', 'c.txt']) {
    const of = (side) => get(`/${['src', 'dst'][side]}/att/${name}`, '*/*', side);
    assert.ok((await of(0)).body.equals((await of(1)).body), name);
  }
  // A rule that would not be enforced: the error by which the replicator counts a failure and goes on.
  const rule = JSON.stringify({ _id: '_design/rule', _rev: '1-0b24e44a44af45e51e562fd124ce3007', validate_doc_update: 'function () {}',
    _revisions: { start: 1, ids: ['0b24e44a44af45e51e562fd124ce3007'] } });
  const refused = await put('/dst/_design/rule?new_edits=false', 'application/json', rule);
  assert.equal(refused.status, 403);
  assert.equal(JSON.parse(refused.body).error, 'forbidden');
  await sides.stop();
}
