import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childEnv } from '../config/child-env.js';
import type { Config } from '../config/settings.js';
import { unlessAborted } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import { lockFolder } from '../supervisor/folder-lock.js';
import type { HeartbeatTimes } from '../supervisor/heartbeat.js';
import { ManagedChild, type ChildEvents, type ChildSpec } from '../supervisor/managed-child.js';
import { LeaveTurns } from '../supervisor/leave-turns.js';
import { socketFolder } from '../supervisor/socket-folder.js';
import { isLmdb } from './open-store.js';
import { packageFile } from './package-file.js';
import { StartError, type Opened } from './run-role.js';
import { isLoopback } from './shard-address.js';
import { untilReady } from './until-ready.js';

/** Past the drain time a child is hung. */
const KILL_AFTER_DRAIN_MS = 500;
/**
 * For glibc in shard processes: blocks from 1 MiB on are mapped, so that they go back to the system when
 * they are freed. By itself it raises that bound with each large block, and keeps what is freed.
 */
const MALLOC_ENV = {
  MALLOC_MMAP_THRESHOLD_: '1048576',
  MALLOC_TRIM_THRESHOLD_: '1048576',
  MALLOC_ARENA_MAX: '2',
};
/** An orphan of a killed `up` frees its port within a moment. */
const PORT_ATTEMPTS = 40;
const PORT_PAUSE_MS = 100;
/** For the next request of those who keep a connection and ask all the time. */
const LEAST_DRAIN_DELAY_MS = 500;
/** Pings to a child within the time after which it counts as hung. */
const PINGS = 10;
/** Reading large files in one go at a start takes longer than any turn later on. */
const START_PATIENCE_MS = 60_000;
/** One query node keeps no more than these busy. */
const MOST_SHARDS = 4;

/**
 * Every role on this machine: query nodes, the first of which sees to the store, and the shard processes. The
 * parent itself only starts, restarts and stops them.
 *
 *   one query node     shoppers, shop ──port──> all
 *   N, on LMDB         shoppers, shop ──port──> N × read ──writes──> socket of one that writes
 *   N, on MongoDB      shoppers, shop ──port──> N × all
 */
export async function startUp(
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
): Promise<void> {
  const dataDir = resolve(config.dataDir);
  opened.add(await lockFolder(dataDir));
  const settings: Config = { ...config, dataDir, ...(await sharing(config)) };
  const folder = await socketFolder(dataDir);
  const { shards = shardsOfCores(availableParallelism()) } = config;
  const addresses = nodeAddresses(folder, shards * config.replicas);
  const queryNodes = queryNodeConfigs(settings, join(folder, 'write.sock'));
  const children: ManagedChild[] = [];
  const givingUp = new AbortController();
  opened.add(async () => {
    givingUp.abort();
    const graceMs = settings.drainDelayMs + settings.drainTimeoutMs + KILL_AFTER_DRAIN_MS;
    for (const child of children) child.letGo();
    // Searches in flight still need the shards: query nodes go first.
    const count = queryNodes.length;
    await Promise.all(children.slice(0, count).map((node) => node.stop(graceMs)));
    await Promise.all(children.slice(count).map((shard) => shard.stop(graceMs)));
  });
  const { listening, failed } = startChildren(settings, queryNodes, addresses, children, logger);
  const start = async (): Promise<string> => {
    const url = `http://${isLoopback(config.host) ? config.host : '127.0.0.1'}:${await listening}`;
    await untilReady(url, AbortSignal.any([stopping, givingUp.signal]), logger);
    if (config.demo) await (await import('./index-demo.js')).indexDemo(url, config.apiKey);
    return url;
  };
  const url = await Promise.race([unlessAborted(start(), stopping), failed]);
  process.stdout.write(`OmniSearch is ready: ${url}\n`);
  await unlessAborted(failed, stopping);
}

interface Running {
  /** Where query nodes listen, once one does there, and one writes. */
  listening: Promise<number>;
  /** Rejects when one of them cannot start, or go on. */
  failed: Promise<never>;
}

/**
 * The query nodes, then the shards: `children` has them in this order. All processes are started at once, as loading
 * their code takes most of the time, but the others begin when the first query node has opened the store: it alone
 * tells damage from data, and may have to embed or place everything anew.
 */
function startChildren(
  config: Config,
  queryNodes: readonly Config[],
  addresses: ReadonlyMap<string, string>,
  children: ManagedChild[],
  logger: Logger,
): Running {
  let fail: (problem: StartError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);
  const start = (
    spec: Omit<ChildSpec, 'script' | 'heartbeat'>,
    events: Omit<ChildEvents, 'onGivenUp'>,
  ): void => {
    const heartbeat = heartbeatOf(config);
    const script = packageFile('dist/cli/main.js');
    const onGivenUp = (line: string): void => fail(new StartError(line));
    const child = new ManagedChild({ ...spec, script, heartbeat }, logger, {
      ...events,
      onGivenUp,
    });
    children.push(child);
    child.start();
  };

  let onOpened: () => void = () => undefined;
  const after = new Promise<void>((resolve) => (onOpened = resolve));
  const flags = [...addresses].flatMap(([name, address]) => [
    '--shard-address',
    `${name}=${address}`,
  ]);
  const onPort = queryNodes.filter(({ socket }) => socket === undefined);
  const turns = new LeaveTurns<Config>(onPort.length);
  const ready = queryNodes.map((own, i) => {
    const metricsPort = metricsPortOf(config, i);
    const env = childEnv({ ...own, metricsPort }, 'query-node', process.env);
    const isOnPort = own.socket === undefined;
    const spec = {
      ...{ name: nameOf(own, onPort.indexOf(own)), args: ['query-node', ...flags], env },
      sharesPort: isOnPort && onPort.length > 1,
      // The first settles what the others find.
      ...(i === 0 ? { mustStart: true } : { mustStart: false, after }),
    };
    return new Promise<number>((resolve) => {
      const onReady = (port = 0): void => {
        // Started again, it must be found where it was, also when the first port was any free one.
        env['OMNISEARCH_PORT'] = String(port);
        resolve(port);
        if (isOnPort) turns.isReady(own);
      };
      const inTurns: Pick<ChildEvents, 'onLeaves' | 'onEnd'> = {
        onLeaves: (allow) => turns.leaves(own, allow),
        onEnd: () => turns.ended(own),
      };
      start(spec, { ...(isOnPort ? inTurns : {}), onReady, ...(i === 0 ? { onOpened } : {}) });
    });
  });
  const first = Promise.race(ready.filter((_, i) => queryNodes[i]?.socket === undefined));
  const listening = Promise.all([first, ready[0]]).then(([port]) => port);
  for (const [i, [shard, listen]] of [...addresses].entries()) {
    // `ADVERTISE` is where the query nodes are.
    const metricsPort = metricsPortOf(config, queryNodes.length + i);
    const shardConfig: Config = { ...config, shard, listen, advertise: undefined, metricsPort };
    const env = { ...MALLOC_ENV, ...childEnv(shardConfig, 'shard-node', process.env) };
    const spec = {
      name: `shard ${shard}`,
      args: ['shard-node', ...flags],
      env,
      mustStart: false,
      after,
    };
    // Until it is there, answers say that it is missing.
    start(spec, { onReady: () => undefined });
  }
  return { listening, failed };
}

/** One for each process: those that share a port would answer in turns. */
function metricsPortOf({ metricsPort }: Config, index: number): number | undefined {
  return metricsPort === undefined || metricsPort === 0 ? metricsPort : metricsPort + index;
}

/** In lines for operators. */
function nameOf({ serve }: Config, index: number): string {
  if (serve === 'write') return 'query node that writes';
  return index === 0 ? 'query node' : `query node ${index + 1}`;
}

function heartbeatOf({ hangTimeoutMs }: Config): HeartbeatTimes {
  const intervalMs = hangTimeoutMs / PINGS;
  const maxSilentAtStart = Math.max(PINGS, Math.ceil(START_PATIENCE_MS / intervalMs));
  return { intervalMs, maxSilent: PINGS, maxSilentAtStart };
}

/**
 * The query nodes, the first of which settles the model. Several that share LMDB, which takes one writer at a time
 * anyway, leave writing to one more, so that no search waits in the loop of one that writes.
 */
function queryNodeConfigs(config: Config, socket: string): Config[] {
  const { queryNodes, storeUrl } = config;
  const others = (count: number, more: Partial<Config> = {}): Config[] =>
    Array.from({ length: count }, () => ({ ...config, ...more, reembed: false }));
  if (queryNodes === 1 || !isLmdb(storeUrl)) return [config, ...others(queryNodes - 1)];
  const writer: Config = { ...config, serve: 'write', socket };
  return [writer, ...others(queryNodes, { serve: 'read', writeUrl: `unix:${socket}` })];
}

/** The other half is for the query node and the system: a part that has no core of its own costs more than it gains. */
function shardsOfCores(cores: number): number {
  return Math.max(1, Math.min(MOST_SHARDS, Math.floor(cores / 2)));
}

/** A process for each copy of each part. */
function nodeAddresses(folder: string, nodes: number): Map<string, string> {
  const names = Array.from({ length: nodes }, (_, i) => `s${i + 1}`);
  return new Map(names.map((name) => [name, join(folder, `${name}.sock`)]));
}

/** What else holds for query nodes that share a port: it stays, and one that stops first tells each connection. */
async function sharing({
  queryNodes,
  port,
  host,
  drainDelayMs,
}: Config): Promise<Pick<Config, 'port' | 'drainDelayMs'>> {
  if (queryNodes === 1) return { port, drainDelayMs };
  return {
    port: await freePort(host, port),
    drainDelayMs: Math.max(drainDelayMs, LEAST_DRAIN_DELAY_MS),
  };
}

/** The port, or any one for 0, once nobody listens there: a worker cannot try again. Throws where it stays taken. */
async function freePort(host: string, wanted: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer().listen(wanted, host);
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (attempt >= PORT_ATTEMPTS) throw new StartError(`PORT ${wanted} is in use on ${host}`);
      await sleep(PORT_PAUSE_MS);
      continue;
    }
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
}
