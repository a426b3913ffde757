import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ChildServer } from '../child-server.js';
import { runs } from '../program.js';

const START_LIMIT_MS = 10_000;

/** Why no Redis can be started here; undefined when one can. */
export const NO_REDIS = runs('redis-server', '--version') ? undefined : 'needs redis-server';

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A Redis of Debian's on loopback, in a folder of its own. */
export class RedisServer extends ChildServer {
  private constructor(
    process: ChildProcess,
    readonly port: number,
    dir: string,
    private readonly args: readonly string[],
  ) {
    super(process, dir);
  }

  /** @param args more of its settings; with `sentinel` these are lines of a sentinel's file */
  static async start(args: readonly string[] = [], kind?: 'sentinel'): Promise<RedisServer> {
    const dir = await mkdtemp(join(tmpdir(), 'omnisearch-redis-'));
    const port = await freePort();
    const common = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
    let all = [...common, '--save', '', '--appendonly', 'no', ...args];
    if (kind === 'sentinel') {
      const file = join(dir, 'sentinel.conf');
      await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${dir}\n${args.join('\n')}\n`);
      all = [file, '--sentinel'];
    }
    return new RedisServer(await launch(all), port, dir, all);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  override async restart(): Promise<void> {
    this.process = await launch(this.args);
  }
}

/** A primary with a replica, watched by a sentinel, which makes the replica the primary soon after that has died. */
export class WatchedRedis {
  private constructor(
    readonly primary: RedisServer,
    readonly replica: RedisServer,
    private readonly sentinel: RedisServer,
  ) {}

  /** Resolves once the sentinel knows of the replica. */
  static async start(): Promise<WatchedRedis> {
    const primary = await RedisServer.start();
    const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${primary.port}`]);
    const watched = [
      `sentinel monitor shop 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds shop 300',
      'sentinel failover-timeout shop 3000',
    ];
    const sentinel = await RedisServer.start(watched, 'sentinel');
    const ask = new Redis(sentinel.port);
    // It learns of the replica from the primary.
    while (((await ask.call('sentinel', 'replicas', 'shop')) as unknown[]).length === 0) {
      await sleep(50);
    }
    ask.disconnect();
    return new WatchedRedis(primary, replica, sentinel);
  }

  get url(): string {
    return `redis+sentinel://127.0.0.1:${this.sentinel.port}/shop`;
  }

  async stop(): Promise<void> {
    for (const server of [this.sentinel, this.replica, this.primary]) await server.stop();
  }
}

/** Resolves once it takes connections. */
async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  // Should this process be killed, its server must not stay.
  const end = (): void => void child.kill('SIGKILL');
  process.on('exit', end);
  child.once('exit', () => process.off('exit', end));
  let said = '';
  const ended = once(child, 'exit').then(() =>
    Promise.reject(new Error(`redis-server ended: ${said}`)),
  );
  // One that is stopped later on has ended as well.
  ended.catch(() => undefined);
  const giveUp = AbortSignal.timeout(START_LIMIT_MS);
  while (!/Ready to accept connections|monitor master|Sentinel ID/.test(said)) {
    const [bytes] = (await Promise.race([
      once(child.stdout, 'data', { signal: giveUp }),
      ended,
    ])) as [Buffer];
    said += bytes.toString();
  }
  child.stdout.resume();
  return child;
}
