import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withoutSettings } from '../../config/child-env.js';
import { packageFile } from '../package-file.js';
import { childFigures, cpuMsOf, type ProcessFigures } from './process-figures.js';

const START_LIMIT_MS = 120_000;
const REST_LIMIT_MS = 1_800_000;
/** At rest: all processes together take less than that share of a core for so long, since some work begins after a pause. */
const REST_MS = 6_000;
const REST_SHARE = 0.15;
const REST_TIMES = 2;
const POLL_MS = 50;

/** `omnisearch up` without a model, in a folder of its own that goes with it. */
export class ServedCluster {
  private child: ChildProcess | undefined;
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(
    readonly dataDir: string,
    private readonly port: number,
    private readonly args: readonly string[],
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.agent.destroy(), { once: true });
  }

  /**
   * Rejects where it does not answer in time; nothing of it is left then. Once `signal` aborts, all but `close` rejects.
   */
  static async start(
    shards: number,
    dimensions: number,
    signal: AbortSignal,
  ): Promise<ServedCluster> {
    const dataDir = await mkdtemp(join(tmpdir(), 'omnisearch-calibrate-'));
    const port = await freePort();
    const model = ['--model', 'none', '--dimensions', String(dimensions)];
    const where = ['--port', String(port), '--data-dir', dataDir];
    const args = ['up', ...where, ...model, '--shards', String(shards)];
    const cluster = new ServedCluster(dataDir, port, args, signal);
    try {
      await cluster.begin();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    this.signal.throwIfAborted();
    // Those of this process may name a store, and keys, of a real installation.
    const own = { OMNISEARCH_LOG_LEVEL: 'error', OTEL_EXPORTER_OTLP_ENDPOINT: '' };
    const env = { ...withoutSettings(process.env), ...own };
    const script = packageFile('dist/cli/main.js');
    const stdio: ('ignore' | 'inherit')[] = ['ignore', 'ignore', 'inherit'];
    this.child = spawn(process.execPath, [script, ...this.args], { env, stdio });
    const endMs = performance.now() + START_LIMIT_MS;
    while (!(await this.isReady())) {
      const { exitCode, signalCode } = this.child;
      if ((exitCode ?? signalCode) !== null || performance.now() > endMs) {
        throw new Error('the server to measure with did not start');
      }
      await this.pause(POLL_MS);
    }
  }

  private async isReady(): Promise<boolean> {
    return this.send('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** What is in memory then is what its files are read into, and no garbage of building them. */
  async restart(): Promise<void> {
    await this.stop();
    await this.begin();
  }

  /** Memory of its shards and its query node. */
  figures(): Promise<ProcessFigures[]> {
    return childFigures(this.child?.pid ?? 0);
  }

  /** A core's time of each so far, milliseconds. */
  async cpuMs(): Promise<{ query: number; shards: number }> {
    const cpu = { query: 0, shards: 0 };
    for (const { pid, role } of await this.figures()) {
      cpu[role === 'shard' ? 'shards' : 'query'] += await cpuMsOf(pid);
    }
    return cpu;
  }

  /** Resolves when nothing is built, merged or moved any more. */
  async untilAtRest(): Promise<void> {
    const endMs = performance.now() + REST_LIMIT_MS;
    const all = async (): Promise<number> => {
      const { query, shards } = await this.cpuMs();
      return query + shards;
    };
    let quiet = 0;
    for (let before = await all(); performance.now() < endMs;) {
      await this.pause(REST_MS);
      const now = await all();
      quiet = now - before < REST_SHARE * REST_MS ? quiet + 1 : 0;
      // Twice: who waits for a core that others have takes little as well.
      if (quiet === REST_TIMES) return;
      before = now;
    }
    throw new Error('the server to measure with does not come to rest');
  }

  async send(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    type = 'application/json',
  ): Promise<{ status: number; body: unknown }> {
    const { agent, port } = this;
    this.signal.throwIfAborted();
    const headers = body === undefined ? {} : { 'content-type': type };
    const asking = request({ agent, port, method, path, headers });
    const answered = once(asking, 'response') as Promise<[IncomingMessage]>;
    asking.end(body);
    const [response] = await answered;
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += String(part);
    return { status: response.statusCode ?? 0, body: JSON.parse(text) as unknown };
  }

  /** Bytes on disk. */
  async diskBytes(): Promise<{ store: number; shards: number }> {
    const [store, shards] = [join(this.dataDir, 'store'), join(this.dataDir, 'shards')];
    return { store: await bytesBelow(store), shards: await bytesBelow(shards) };
  }

  private pause(forMs: number): Promise<void> {
    return sleep(forMs, undefined, { signal: this.signal });
  }

  private async stop(): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const { blocks } = await stat(join(entry.parentPath, entry.name));
    // Of a file with holes, what it takes.
    bytes += blocks * 512;
  }
  return bytes;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
