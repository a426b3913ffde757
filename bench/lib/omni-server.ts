import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChildServer, freePort } from './child-server.js';
import { JsonClient } from './client.js';
import { REPOSITORY } from './paths.js';
import type { ProcessInfo } from './processes.js';

const MAIN = join(REPOSITORY, 'dist', 'cli', 'main.js');

export interface OmniOptions {
  shards?: number;
  /** Processes that hold each part. */
  replicas?: number;
  /** Processes that share the port. */
  queryNodes?: number;
  /** A model folder, or "none" (then with `dimensions`); the default model without it. */
  model?: string;
  dimensions?: number;
  env?: NodeJS.ProcessEnv;
  /** The command that runs this one, for instance within a bound on memory. */
  within?: (command: readonly string[]) => string[];
}

/** OmniSearch as a user starts it, on a free port with a data folder of its own. */
export class OmniServer {
  private constructor(
    private readonly options: OmniOptions,
    readonly dataDir: string,
    readonly url: string,
    readonly client: JsonClient,
    private server: ChildServer,
  ) {}

  static async start(options: OmniOptions = {}): Promise<OmniServer> {
    await ensureBuilt();
    const dataDir = await mkdtemp(join(tmpdir(), 'omnisearch-bench-'));
    const port = await freePort();
    const url = `http://127.0.0.1:${String(port)}`;
    const client = new JsonClient(url);
    const omni = new OmniServer(options, dataDir, url, client, launch(options, dataDir, port));
    try {
      await omni.ready();
    } catch (error) {
      await omni.close();
      throw error;
    }
    return omni;
  }

  private ready(): Promise<void> {
    return this.server.waitUntil(async () => (await this.client.get('/readyz')).status === 200);
  }

  processes(): ProcessInfo[] {
    return this.server.processes();
  }

  /**
   * Stops (or kills), runs `meanwhile`, starts again on the same data. Resolves when it is ready, with
   * the milliseconds that this took from its start on.
   */
  async restart(how: 'stop' | 'kill', meanwhile?: () => Promise<void>): Promise<number> {
    await this.server[how]();
    await meanwhile?.();
    const startMs = performance.now();
    this.server = launch(this.options, this.dataDir, Number(new URL(this.url).port));
    await this.ready();
    return performance.now() - startMs;
  }

  /** Stops it and removes its data. */
  async close(): Promise<void> {
    await this.client.close();
    try {
      await this.server.stop();
    } finally {
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }
}

function launch(options: OmniOptions, dataDir: string, port: number): ChildServer {
  const args = [MAIN, 'up', '--port', String(port), '--data-dir', dataDir];
  if (options.shards !== undefined) args.push('--shards', String(options.shards));
  if (options.replicas !== undefined) args.push('--replicas', String(options.replicas));
  if (options.queryNodes !== undefined) args.push('--query-nodes', String(options.queryNodes));
  if (options.model !== undefined) args.push('--model', options.model);
  if (options.dimensions !== undefined) args.push('--dimensions', String(options.dimensions));
  const env = { OMNISEARCH_LOG_LEVEL: 'warn', ...options.env };
  const own = [process.execPath, ...args];
  const [command = '', ...rest] = options.within?.(own) ?? own;
  return ChildServer.start(command, rest, { name: 'omnisearch up', env });
}

async function ensureBuilt(): Promise<void> {
  if (existsSync(MAIN)) return;
  process.stderr.write('• building OmniSearch first (npm run build)\n');
  const build = spawn('npm', ['run', 'build'], { cwd: REPOSITORY, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve) => build.on('close', resolve));
  if (code !== 0 || !existsSync(MAIN)) throw new Error('npm run build failed');
}
