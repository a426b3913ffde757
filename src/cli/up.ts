import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
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

/**
 * Every role on this machine: query nodes, the first of which sees to the store, and the shard processes. The
 * parent itself only starts, restarts and stops them.
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
  const addresses = await nodeAddresses(dataDir, config.shards * config.replicas);
  const children: ManagedChild[] = [];
  const givingUp = new AbortController();
  opened.add(async () => {
    givingUp.abort();
    const graceMs = settings.drainDelayMs + settings.drainTimeoutMs + KILL_AFTER_DRAIN_MS;
    for (const child of children) child.letGo();
    // Searches in flight still need the shards: query nodes go first.
    const [queryNodes, shards] = [
      children.slice(0, config.queryNodes),
      children.slice(config.queryNodes),
    ];
    await Promise.all(queryNodes.map((node) => node.stop(graceMs)));
    await Promise.all(shards.map((shard) => shard.stop(graceMs)));
  });
  const { listening, failed } = startChildren(settings, addresses, children, logger);
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
  /** Where the first query node listens, once it does. */
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
  const query = { args: ['query-node', ...flags], sharesPort: config.queryNodes > 1 };
  const turns = new LeaveTurns<number>(config.queryNodes);
  const turnsOf = (node: number): Pick<ChildEvents, 'onLeaves' | 'onEnd'> => ({
    onLeaves: (allow) => turns.leaves(node, allow),
    onEnd: () => turns.ended(node),
  });
  const listening = new Promise<number>((resolve) => {
    const env = childEnv(config, 'query-node', process.env);
    const onReady = (number = 0): void => {
      // Started again, it must be found where it was, also when the first port was any free one.
      env['OMNISEARCH_PORT'] = String(number);
      resolve(number);
      turns.isReady(1);
    };
    const events = { ...turnsOf(1), onReady, onOpened };
    start({ ...query, name: 'query node', env, mustStart: true }, events);
  });
  for (let i = 2; i <= config.queryNodes; i++) {
    // The model is settled by the first.
    const env = childEnv({ ...config, reembed: false }, 'query-node', process.env);
    const spec = { ...query, name: `query node ${i}`, env, mustStart: false, after };
    start(spec, { ...turnsOf(i), onReady: () => turns.isReady(i) });
  }
  for (const [shard, listen] of addresses) {
    // `ADVERTISE` is where the query nodes are.
    const shardConfig: Config = { ...config, shard, listen, advertise: undefined };
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

function heartbeatOf({ hangTimeoutMs }: Config): HeartbeatTimes {
  const intervalMs = hangTimeoutMs / PINGS;
  const maxSilentAtStart = Math.max(PINGS, Math.ceil(START_PATIENCE_MS / intervalMs));
  return { intervalMs, maxSilent: PINGS, maxSilentAtStart };
}

/** A process for each copy of each part. */
async function nodeAddresses(dataDir: string, nodes: number): Promise<Map<string, string>> {
  const folder = await socketFolder(dataDir);
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
