import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import { dropDatabase, freshOptions } from '../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer } from '../store/mongo-server.js';
import { RedisServer } from '../redis/redis-server.js';
import { MAIN } from './command.js';
import { containersOf, readCompose, type ComposeService } from './compose-file.js';
import { killAtExit } from './kill-at-exit.js';
import { localNginxConf, startNginx, stopNginx, type Nginx } from './nginx.js';

const READY_LIMIT_MS = 40_000;
const END_LIMIT_MS = 20_000;
/** What is run of our image: `worker` joins them in the version that has one. */
const VERBS = ['shard-node', 'query-node', 'worker'];
const VARIABLES = { OMNISEARCH_SHARD_SECRET: 'a-secret-for-shards-and-query-nodes' };
/** Five processes share what a container would have for itself. */
const SMALL = {
  OMNISEARCH_LOG_LEVEL: 'warn',
  OMNISEARCH_EMBEDDING_THREADS: '1',
  OMNISEARCH_STORE_MIN_POOL: '0',
  // A test has few products: they are to lie on all shards nevertheless.
  OMNISEARCH_PARTITION_ROWS: '0',
};

/** A container of docker-compose.yml as a process. */
export interface Service {
  name: string;
  process: ChildProcess;
  log: string;
}

/**
 * The topology of docker-compose.yml as processes on loopback: its services of our image with their
 * commands, environment and replicas, Redis, nginx with its configuration, names replaced by ports of this machine. For
 * the replica set stands that of `MONGODB_URL` or, without one, a MongoDB server for tests.
 */
export class Topology {
  readonly services = new Map<string, Service>();
  private readonly ports = new Map<string, number>();
  private readonly containers = new Map<string, ComposeService>();
  private nginx: Nginx | undefined;

  private constructor(
    /** Undefined where the server is the operator's. */
    readonly mongo: MongoServer | undefined,
    private readonly database: MongoStoreOptions,
    readonly redis: RedisServer,
    readonly dir: string,
    private readonly compose: ReadonlyMap<string, ComposeService>,
  ) {
    for (const [name, service] of compose) {
      for (const container of containersOf(name, service)) this.containers.set(container, service);
    }
  }

  static async start(): Promise<Topology> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-topology-'));
    const mongo = MONGODB_URL === undefined ? await MongoServer.start() : undefined;
    const redis = await RedisServer.start();
    const database = freshOptions(mongo);
    const topology = new Topology(mongo, database, redis, dir, readCompose(VARIABLES));
    try {
      await topology.startAll();
    } catch (error) {
      await topology.stop();
      throw error;
    }
    return topology;
  }

  /** Where shoppers go. */
  get url(): string {
    return this.urlOf('nginx');
  }

  /** Where a container of docker-compose.yml is on this machine. */
  readonly addressOf = (name: string, port: number): string => `127.0.0.1:${this.port(name, port)}`;

  /** A query node by itself. */
  urlOf(name: string): string {
    return `http://127.0.0.1:${this.port(name, 8080)}`;
  }

  /** What nginx and our services said, for a failure's message. */
  get logs(): string {
    const all = [{ name: 'nginx', log: this.nginx?.log ?? '' }, ...this.services.values()];
    return all.map(({ name, log }) => `${name}: ${log}`).join('\n');
  }

  names(verb: string): string[] {
    return [...this.containers].flatMap(([name, { command }]) =>
      command?.[0] === verb ? [name] : [],
    );
  }

  /** Starts a service that does not run; a shard at a port it did not have. */
  async restart(name: string): Promise<void> {
    for (const key of this.ports.keys()) if (key === `${name}:8081`) this.ports.delete(key);
    await this.choosePorts();
    this.run(name);
  }

  /** Has it stand still for a while, or go on. */
  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.service(name).process.kill(signal);
  }

  /** SIGTERM or SIGKILL; resolves with the exit code once it is gone. */
  async end(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const { process: child, log } = this.service(name);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) });
      child.kill(signal);
      await exit.catch(() => {
        child.kill('SIGKILL');
        throw new Error(`${name} did not end: ${log}`);
      });
    }
    return child.exitCode;
  }

  async untilReady(name: string): Promise<void> {
    for (const endsAtMs = performance.now() + READY_LIMIT_MS; ;) {
      const answer = await fetch(`${this.urlOf(name)}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      const service = this.service(name);
      if (performance.now() > endsAtMs || service.process.exitCode !== null) {
        throw new Error(`${name} is not ready: ${await answer?.text()}\n${this.logs}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Ends everything; resolves with the exit codes of our own services by name. */
  async stop(): Promise<Map<string, number | null>> {
    if (this.nginx !== undefined) await stopNginx(this.nginx);
    const names = [...this.services.keys()];
    const codes = await Promise.all(names.map((name) => this.end(name, 'SIGTERM')));
    if (this.mongo === undefined) await dropDatabase(this.database);
    await this.mongo?.stop();
    await this.redis.stop();
    rmSync(this.dir, { recursive: true, force: true });
    return new Map(names.map((name, i) => [name, codes[i] ?? null]));
  }

  private async startAll(): Promise<void> {
    await this.choosePorts();
    for (const verb of VERBS) for (const name of this.names(verb)) this.run(name);
    const listen = `127.0.0.1:${this.port('nginx', 8080)}`;
    const dir = join(this.dir, 'nginx');
    const conf = localNginxConf(dir, listen, (service, port) => {
      const names = containersOf(service, this.compose.get(service) ?? { image: '' });
      return names.map((name) => this.addressOf(name, port));
    });
    this.nginx = await startNginx(conf, dir, this.url);
    await Promise.all(this.names('query-node').map((name) => this.untilReady(name)));
  }

  private service(name: string): Service {
    const service = this.services.get(name);
    if (service === undefined) throw new Error(`${name} was not started`);
    return service;
  }

  private port(name: string, port: number): number {
    const chosen = this.ports.get(`${name}:${port}`);
    if (chosen === undefined) throw new Error(`${name} has no port ${port}`);
    return chosen;
  }

  /** A free port for each service and port that may be named; those chosen before stay. */
  private async choosePorts(): Promise<void> {
    const wanted = [...this.containers.keys()].flatMap((name) =>
      [8080, 8081, 9464].map((port) => `${name}:${port}`),
    );
    const missing = wanted.filter((key) => !this.ports.has(key));
    const free = await freePorts(missing.length);
    missing.forEach((key, i) => this.ports.set(key, free[i] as number));
  }

  private run(name: string): void {
    const { command = [], environment = {} } = this.containers.get(name) ?? { image: '' };
    const env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] };
    for (const [key, value] of Object.entries(environment)) {
      env[key] = this.localValue(name, key, String(value ?? ''));
    }
    Object.assign(env, SMALL, { OMNISEARCH_DATA_DIR: join(this.dir, name) });
    const child = spawn(process.execPath, [MAIN, ...command], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    killAtExit(child);
    const service: Service = { name, process: child, log: '' };
    child.stderr.on('data', (chunk: Buffer) => (service.log += chunk.toString()));
    this.services.set(name, service);
  }

  /** A value of the environment with addresses of this machine. */
  private localValue(name: string, key: string, value: string): string {
    if (value.startsWith('mongodb://')) return this.database.url;
    if (value.startsWith('redis://')) return this.redis.url;
    if (key === 'OMNISEARCH_PORT' || key === 'OMNISEARCH_METRICS_PORT')
      return String(this.port(name, Number(value)));
    return value
      .replace(/^0\.0\.0\.0$/, '127.0.0.1')
      .replace(/^([\w.-]+):(\d+)$/, (_, host: string, port: string) => {
        const service = host === '0.0.0.0' ? name : host;
        return `127.0.0.1:${this.port(service, Number(port))}`;
      });
  }
}

/** Ports that nothing listens on now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
