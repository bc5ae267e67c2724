// node.mjs: starts, kills and restarts a cloudsyncd of its own for a test, on a private port and directory.
// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const top = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const build = process.env.CLOUDSYNC_BUILD ?? path.join(top, 'build');

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const running = new Set();
// A test that fails leaves its node to this: nothing outlives the suite.
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });

export class CloudSync {
  // `sets` are further --set arguments, as "section.key=value"; `plugins`, by commas, stand in for the role's.
  static async start({ role = 'all', plugins, sets = [] } = {}) {
    const self = new CloudSync();
    self.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'cloudsync-'));
    self.port = await freePort();
    self.args = plugins ? ['--plugins', plugins] : ['--role', role];
    self.sets = [...(plugins ? [] : ['auth.admin=admin:password']), ...sets];
    self.log = '';
    await self.boot();
    return self;
  }

  get url() { return `http://admin:password@127.0.0.1:${this.port}`; }

  async boot() {
    const sets = [`http.listen=127.0.0.1:${this.port}`, `node.data-dir=${this.dir}`, ...this.sets];
    const args = [...this.args, ...sets.flatMap((s) => ['--set', s])];
    this.process = spawn(path.join(build, 'server/cloudsyncd'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.exited = once(this.process, 'exit');
    const child = this.process;
    running.add(child);
    child.on('exit', () => running.delete(child));
    this.process.stderr.on('data', (chunk) => { this.log = (this.log + chunk).slice(-65536); });
    for (let i = 0; i < 400; i++) {
      if (this.process.exitCode !== null) break;
      const ready = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => null);
      if (ready?.status === 200) return;
      await sleep(25);
    }
    this.process.kill('SIGKILL');
    throw new Error(`the node did not become ready:\n${this.log}`);
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  // Ends the node in good order; tells the exit code.
  async end() {
    this.process.kill('SIGTERM');
    const [code] = await this.exited;
    return code;
  }

  // The same, and removes its data.
  async stop() {
    const code = await this.end();
    fs.rmSync(this.dir, { recursive: true, force: true });
    return code;
  }
}
