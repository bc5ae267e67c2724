// chromium.mjs: Debian's Chromium without a window, driven over the DevTools protocol's pipe, and pages of a test's own origin.
// SPDX-License-Identifier: Apache-2.0
//
// https://chromedevtools.github.io/devtools-protocol/: messages are JSON, each ended by a NUL, on descriptors 3 and 4.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--remote-debugging-pipe'];

const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

export class Chromium {
  static async start() {
    const self = new Chromium();
    self.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'chromium-'));
    self.process = spawn(process.env.CHROMIUM ?? 'chromium', [...flags, `--user-data-dir=${self.profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    running.add(self.process);
    self.waiting = new Map();
    self.exited = once(self.process, 'exit').then(() => {
      running.delete(self.process);
      for (const { reject } of self.waiting.values()) reject(new Error('Chromium ended'));
    });
    self.process.on('error', (error) => { for (const { reject } of self.waiting.values()) reject(error); });
    self.input = self.process.stdio[3];
    self.input.on('error', () => {});
    self.read(self.process.stdio[4]);
    return self;
  }

  read(stream) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (chunk) => {
      const messages = (rest + chunk).split('\0');
      rest = messages.pop();
      for (const text of messages) {
        const message = JSON.parse(text);
        const call = this.waiting.get(message.id);
        this.waiting.delete(message.id);
        if (message.error) call?.reject(new Error(`${call.method}: ${message.error.message}`));
        else call?.resolve(message.result);
      }
    });
  }

  send(method, params = {}, sessionId = undefined) {
    const id = (this.last = (this.last ?? 0) + 1);
    this.input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { method, resolve, reject }));
  }

  // A tab at the address, in cookies and storage of its own. run (function, argument…) calls the function there.
  async open(url) {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    const { targetId } = await this.send('Target.createTarget', { url, browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await this.send('Runtime.evaluate',
        { expression, awaitPromise: true, returnByValue: true }, sessionId);
      if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
      return result.value;
    };
    while (!(await evaluate(`location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`)));
    return { run: (f, ...args) => evaluate(`(${f})(...${JSON.stringify(args)})`) };
  }

  async stop() {
    this.send('Browser.close').catch(() => {});
    await Promise.race([this.exited, new Promise((r) => setTimeout(r, 5000))]);
    this.process.kill('SIGKILL');
    await this.exited;
    fs.rmSync(this.profile, { recursive: true, force: true });
  }
}

// Serves a page that loads PouchDB, from another origin than the node's.
export async function pages() {
  const library = fs.readFileSync(new URL('node_modules/pouchdb/dist/pouchdb.min.js', import.meta.url));
  const server = http.createServer((request, response) => {
    const script = request.url === '/pouchdb.js';
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(script ? library : '<!doctype html><title>app</title><script src="/pouchdb.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
