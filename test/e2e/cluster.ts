import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAIN } from './command.js';

const START_LIMIT_MS = 60_000;

export interface ClusterOptions {
  shards?: number;
  /** Kept when given; otherwise a folder of its own that `remove` deletes. */
  dataDir?: string;
  args?: string[];
  env?: Record<string, string>;
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
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OMNISEARCH_LOG_LEVEL: 'warn', ...options.env },
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

  /** SIGTERM, as a service manager would; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode !== null) return this.process.exitCode;
    this.process.kill('SIGTERM');
    await once(this.process, 'exit');
    return this.process.exitCode;
  }

  /** kill -9 of the parent; its children end by themselves. */
  async crash(): Promise<void> {
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
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
    const response = await fetch(this.url + path, {
      method,
      ...(body === undefined ? { headers } : encoded(body, headers)),
    });
    return { status: response.status, json: (await response.json()) as Reply['json'] };
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
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
