import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer } from '../store/mongo-server.js';
import { MAIN } from './command.js';
import { killAtExit } from './kill-at-exit.js';
import { freePorts } from './topology.js';

const READY_LIMIT_MS = 40_000;
const END_LIMIT_MS = 20_000;
const SETTINGS = {
  OMNISEARCH_LOG_LEVEL: 'info',
  OMNISEARCH_EMBEDDING_THREADS: '1',
  OMNISEARCH_STORE_MIN_POOL: '0',
  OMNISEARCH_DRAIN_DELAY_MS: '1000',
};

interface Role {
  process: ChildProcess;
  log: string;
}

/** A shard, query nodes and balancers as processes on one MongoDB store. */
export class BalancedNodes {
  private readonly roles = new Map<string, Role>();
  private readonly ports = new Map<string, number>();

  private constructor(
    private readonly mongo: MongoServer | undefined,
    private readonly database: MongoStoreOptions,
    readonly dir: string,
  ) {}

  /** With a shard and `query-1`, ready. */
  static async start(): Promise<BalancedNodes> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-balanced-'));
    const mongo = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
    const nodes = new BalancedNodes(mongo, freshOptions(mongo), dir);
    try {
      nodes.run('shard', ['shard-node', '--listen', join(dir, 's1.sock')]);
      await nodes.startQueryNode('query-1');
    } catch (error) {
      await nodes.stop();
      throw error;
    }
    return nodes;
  }

  get logs(): string {
    return [...this.roles].map(([name, { log }]) => `${name}: ${log}`).join('\n');
  }

  addressOf(name: string): string {
    return `127.0.0.1:${this.ports.get(name)}`;
  }

  /** Starts it, where it was before if it was; resolves once it is ready. */
  async startQueryNode(name: string): Promise<void> {
    const [free] = await freePorts(1);
    const port = this.ports.get(name) ?? free ?? 0;
    this.ports.set(name, port);
    const role = this.run(name, ['query-node', '--port', String(port)]);
    for (const endsAtMs = performance.now() + READY_LIMIT_MS; ;) {
      const answer = await fetch(`http://${this.addressOf(name)}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (performance.now() > endsAtMs || role.process.exitCode !== null) {
        throw new Error(`${name} is not ready: ${await answer?.text()}\n${this.logs}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  startBalancer(name: string, flags: readonly string[]): void {
    this.run(name, ['balancer', ...flags]);
  }

  /** How many searches it has answered since its start. */
  async searchesOf(name: string): Promise<number> {
    const metrics = await (await fetch(`http://${this.addressOf(name)}/metrics`)).text();
    const counts = metrics.matchAll(/^query_latency_ms_count(?:\{[^}]*\})? (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Resolves with the exit code once it is gone; null after SIGKILL. */
  async end(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const role = this.roles.get(name);
    if (role === undefined) throw new Error(`${name} was not started`);
    const { process: child } = role;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) });
      child.kill(signal);
      await exit.catch(() => {
        child.kill('SIGKILL');
        throw new Error(`${name} did not end: ${role.log}`);
      });
    }
    return child.exitCode;
  }

  /** Ends everything; resolves with the exit codes by name. */
  async stop(): Promise<Map<string, number | null>> {
    const codes = new Map<string, number | null>();
    for (const name of [...this.roles.keys()].reverse()) {
      codes.set(name, await this.end(name, 'SIGTERM'));
    }
    if (this.mongo === undefined) await dropDatabase(this.database);
    await this.mongo?.stop();
    rmSync(this.dir, { recursive: true, force: true });
    return codes;
  }

  private run(name: string, args: readonly string[]): Role {
    const env = {
      PATH: process.env['PATH'],
      ...SETTINGS,
      OMNISEARCH_STORE_URL: this.database.url,
      OMNISEARCH_DATA_DIR: join(this.dir, name),
    };
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    killAtExit(child);
    const role: Role = { process: child, log: '' };
    child.stderr.on('data', (chunk: Buffer) => (role.log += chunk.toString()));
    this.roles.set(name, role);
    return role;
  }
}
