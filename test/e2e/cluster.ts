import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from './command.js';

const START_LIMIT_MS = 60_000;
/** Longer than the product gives itself to drain and close. */
const STOP_LIMIT_MS = 30_000;
/** Longer than any wait that a request may ask for: what takes more hangs. */
const REQUEST_LIMIT_MS = 40_000;
const GONE_LIMIT_MS = 10_000;
/** A test has few products: they are to lie on all shards nevertheless. */
const SPREAD = { OMNISEARCH_PARTITION_ROWS: '0' };
/** Which node a shard process is. */
const SHARD_ENV = 'OMNISEARCH_SHARD=';
/** What a query node does. */
const SERVE_ENV = 'OMNISEARCH_SERVE=';

export interface ClusterOptions {
  shards?: number;
  /** Kept when given; otherwise a folder of its own that `remove` deletes. */
  dataDir?: string;
  args?: string[];
  env?: Record<string, string>;
  /** Another build than this package's. */
  main?: string;
}

/** `omnisearch up` on a free port, as a user runs it. */
export class Cluster {
  private constructor(
    readonly process: ChildProcess,
    readonly dataDir: string,
    readonly url: string,
    readonly log: () => string,
  ) {}

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'omnisearch-e2e-'));
    const args = ['up', '--port', '0', '--data-dir', dataDir];
    args.push('--shards', String(options.shards ?? 2), ...(options.args ?? []));
    const child = spawn(process.execPath, [options.main ?? MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OMNISEARCH_LOG_LEVEL: 'warn', ...SPREAD, ...options.env },
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const url = await addressOf(child, () => log);
    return new Cluster(child, dataDir, url, () => log);
  }

  /** Process ids of the children whose command line holds `role`. */
  pids(role: 'query-node' | 'shard-node'): number[] {
    return descendants(this.process.pid as number).filter((pid) => commandOf(pid).includes(role));
  }

  /** The shard processes by the names that placements have for them. */
  nodes(): { name: string; pid: number }[] {
    return this.pids('shard-node').map((pid) => ({ name: variableOf(pid, SHARD_ENV), pid }));
  }

  /** The query node that writes for the others; undefined where each writes. */
  writer(): number | undefined {
    return this.pids('query-node').find((pid) => variableOf(pid, SERVE_ENV) === 'write');
  }

  /** SIGTERM, as a service manager would; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode !== null) return this.process.exitCode;
    const pids = [this.process.pid as number, ...descendants(this.process.pid as number)];
    this.process.kill('SIGTERM');
    try {
      await once(this.process, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
    } catch {
      const left = describe(pids);
      kill(pids);
      throw new Error(`no stop within ${STOP_LIMIT_MS} ms, left: ${left}\n${this.log()}`);
    }
    return this.process.exitCode;
  }

  /**
   * kill -9 of the parent, and of `others` in the same moment. Resolves with the children, which
   * should end by themselves.
   */
  async crash(others: readonly number[] = []): Promise<number[]> {
    const children = descendants(this.process.pid as number);
    this.process.kill('SIGKILL');
    kill(others);
    await once(this.process, 'exit');
    return children;
  }

  remove(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply> {
    return this.send('POST', path, body, headers);
  }

  /** A string is sent as NDJSON, bytes as JSON that may be broken, all else as JSON. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
    try {
      const response = await fetch(this.url + path, {
        method,
        signal,
        ...(body === undefined ? { headers } : encoded(body, headers)),
      });
      return { status: response.status, json: (await response.json()) as Reply['json'] };
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Unanswered(`${method} ${path}: no answer in ${REQUEST_LIMIT_MS} ms\n${this.log()}`);
    }
  }

  /** What lies where. */
  async partitions(): Promise<Placed[]> {
    const { json } = await this.send('GET', '/admin/cluster');
    return (json as unknown as { partitions: Placed[] }).partitions;
  }

  /** Sends products in requests of 500, each acknowledged, the last awaited until searchable. */
  async index(products: readonly object[], wait = true): Promise<void> {
    for (let at = 0; at < products.length; at += 500) {
      const rows = products.slice(at, at + 500).map((product) => JSON.stringify(product));
      const last = at + 500 >= products.length && wait;
      const { status, json } = await this.post(
        last ? '/products?wait=searchable' : '/products',
        rows.join('\n'),
      );
      if (status !== 200 || json['rejected_count'] !== 0 || (last && json['searchable'] !== true)) {
        throw new Error(`indexing failed: ${status} ${JSON.stringify(json).slice(0, 500)}`);
      }
    }
  }
}

/** A partition as `/admin/cluster` lists it. */
export interface Placed {
  id: string;
  categories: string[] | 'rest';
  range: [number, number];
  rows: number;
  replicas: { node: string; state: string }[];
}

/** A request hung, which no crash excuses: a broken connection ends it at once. */
export class Unanswered extends Error {}

/** Throws, and kills what is left, when not all of these processes end soon. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < GONE_LIMIT_MS; waitedMs += 50) {
    if (!pids.some(isRunning)) return;
    await sleep(50);
  }
  const left = describe(pids);
  kill(pids);
  throw new Error(`still running after ${GONE_LIMIT_MS} ms: ${left}`);
}

/** A process that has ended and waits to be reaped does not count. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== 'Z';
}

function describe(pids: readonly number[]): string {
  const running = pids.filter(isRunning);
  return running.map((pid) => `${pid} ${commandOf(pid).replaceAll('\0', ' ')}`).join('; ');
}

function kill(pids: readonly number[]): void {
  for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL');
}

export interface Reply {
  status: number;
  // The checks of each test say what is expected of a body.
  json: Record<string, unknown> & {
    hits?: { id: string; score: number; product: Record<string, unknown> }[];
  };
}

function encoded(
  body: unknown,
  headers: Record<string, string>,
): { body: string | Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  if (typeof body === 'string') {
    return { body, headers: { 'content-type': 'application/x-ndjson', ...headers } };
  }
  const json = body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
  return { body: json, headers: { 'content-type': 'application/json', ...headers } };
}

function addressOf(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no start within ${START_LIMIT_MS} ms: ${log()}`));
    }, START_LIMIT_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const found = /ready: (http:\S+)/.exec(out);
      if (found?.[1] === undefined) return;
      clearTimeout(limit);
      resolve(found[1]);
    });
    child.once('exit', (code) => {
      clearTimeout(limit);
      reject(new Error(`up ended with ${String(code)}: ${log()}`));
    });
  });
}

/** All processes below `pid`, by /proc. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent === undefined) continue;
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The fields of /proc/PID/stat from the third on: state, parent, … */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** What follows `NAME=` in its environment. */
function variableOf(pid: number, name: string): string {
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return environment.find((line) => line.startsWith(name))?.slice(name.length) ?? '';
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
