// websocket.mjs: npm `ws` and Debian's python3-websockets against the example echo: compression both ways, sizes, closes.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { CloudSync } from '../lib/node.mjs';

const WebSocket = createRequire(import.meta.url)('ws');
const plugins = 'http,websocket,echo,metrics';

async function open(node, options = {}, path = '/ws') {
  const socket = new WebSocket(`ws://127.0.0.1:${node.port}${path}`, options.protocols ?? [], options);
  const queue = [], waiting = [];
  socket.on('message', (data, binary) => {
    const next = { data, binary };
    if (waiting.length > 0) waiting.shift()(next);
    else queue.push(next);
  });
  socket.next = () => queue.length > 0 ? Promise.resolve(queue.shift()) : new Promise((done) => waiting.push(done));
  await once(socket, 'open');
  return socket;
}

async function close(socket, code = 1000) {
  socket.close(code, 'done');
  assert.equal((await once(socket, 'close'))[0], code);
}

function text(length, seed) {
  let out = '';
  for (let i = seed; out.length < length; i = (i * 48271) % 2147483647) out += `"key${i % 50}":${i % 1000},µ `;
  return out.slice(0, length);
}

async function echoes(node, options) {
  const socket = await open(node, options);
  for (const length of [0, 1, 125, 126, 1000, 5000, 65535, 65536, 300000]) {
    for (let i = 1; i <= 3; i++) {
      socket.send(text(length, i * 7));
      const { data, binary } = await socket.next();
      assert.equal(binary, false);
      assert.equal(data.toString(), text(length, i * 7));
    }
  }
  const bytes = Buffer.from(text(40000, 3));
  socket.send(bytes.subarray(0, 10), { fin: false, binary: true });
  socket.ping('between');
  const pong = once(socket, 'pong');
  socket.send(bytes.subarray(10, 20000), { fin: false });
  socket.send(bytes.subarray(20000), { fin: true });
  const { data, binary } = await socket.next();
  assert.ok(binary && data.equals(bytes));
  assert.equal((await pong)[0].toString(), 'between');
  const { extensions } = socket;
  await close(socket, 3456);
  return extensions;
}

export async function webSocketEchoesToWs() {
  const node = await CloudSync.start({ plugins });
  assert.equal(await echoes(node, { perMessageDeflate: false }), '');
  assert.equal(await echoes(node, { perMessageDeflate: { threshold: 0 } }), 'permessage-deflate');
  assert.equal(await node.stop(), 0);
}

export async function webSocketCompressesWithHistoryBothWays() {
  const node = await CloudSync.start({ plugins, sets: ['websocket.context-takeover=true', 'websocket.compression-min=0'] });
  for (const more of [{}, { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, { serverMaxWindowBits: 12 },
    { clientMaxWindowBits: 10 }, { serverNoContextTakeover: true }, { clientNoContextTakeover: true }]) {
    assert.equal(await echoes(node, { perMessageDeflate: { threshold: 0, ...more } }), 'permessage-deflate');
  }
  // The second of two equal messages is a mere reference, in both directions.
  const socket = await open(node, { perMessageDeflate: { threshold: 0 } });
  const noise = Array.from({ length: 50 }, (_, i) => createHash('sha512').update(`${i}`).digest('base64')).join('');
  const wire = [];
  for (let i = 0; i < 3; i++) {
    const before = [socket._socket.bytesRead, socket._socket.bytesWritten];
    socket.send(noise);
    assert.equal((await socket.next()).data.toString(), noise);
    wire.push([socket._socket.bytesRead - before[0], socket._socket.bytesWritten - before[1]]);
  }
  assert.ok(wire[2][0] < wire[0][0] / 5 && wire[2][1] < wire[0][1] / 5, JSON.stringify(wire));
  await close(socket);
  assert.equal(await node.stop(), 0);
}

export async function webSocketManyAtOnce() {
  const node = await CloudSync.start({ plugins, sets: ['echo.room=true'] });
  const sockets = await Promise.all(Array.from({ length: 50 }, (_, i) =>
    open(node, { perMessageDeflate: i % 2 === 0 ? { threshold: 0 } : false }, '/ws/room')));
  const said = Array.from({ length: 20 }, (_, i) => text(i * 300, i + 1));
  for (const line of said) sockets[0].send(line);
  await Promise.all(sockets.map(async (socket) => {
    for (const line of said) assert.equal((await socket.next()).data.toString(), line);
  }));
  const closed = sockets.map((socket) => once(socket, 'close'));
  assert.equal(await node.stop(), 0);
  for (const [code] of await Promise.all(closed)) assert.equal(code, 1001);
}

const python = `
import asyncio, sys, websockets

async def main (port):
    uri = f'ws://127.0.0.1:{port}/ws'
    for compression in None, 'deflate':
        async with websockets.connect (uri, compression=compression, max_size=None) as ws:
            for n in 0, 1, 126, 5000, 70000, 1000000:
                for data in 'ä' * (n // 2), bytes (n):
                    await ws.send (data)
                    assert await ws.recv () == data
            async def parts ():
                for i in range (100):
                    yield f'part {i} '
            await ws.send (parts ())
            assert await ws.recv () == ''.join ([f'part {i} ' for i in range (100)])
            await (await ws.ping (b'x'))
            await ws.close (4000, 'bye')
            assert ws.close_code == 4000
    print ('whole')

asyncio.run (main (int (sys.argv[1])))
`;

export async function webSocketPythonClient() {
  const probe = spawn('/usr/bin/python3', ['-c', 'import websockets'], { stdio: 'ignore' });
  if ((await once(probe, 'exit'))[0] !== 0) {
    assert.ok(!fs.existsSync('/etc/debian_version') || process.env.CI === undefined, 'python3-websockets is not installed');
    return;
  }
  for (const takeover of [false, true]) {
    const node = await CloudSync.start({ plugins, sets: [`websocket.context-takeover=${takeover}`] });
    const client = spawn('/usr/bin/python3', ['-c', python, String(node.port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    client.stdout.on('data', (chunk) => { out += chunk; });
    assert.equal((await once(client, 'close'))[0], 0);
    assert.equal(out, 'whole\n');
    assert.equal(await node.stop(), 0);
  }
}
