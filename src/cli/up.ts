import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/settings.js';
import { unlessAborted } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import { CONTROL_SOCKET, openControlSocket } from '../supervisor/control-socket.js';
import { lockFolder } from '../supervisor/folder-lock.js';
import { socketFolder } from '../supervisor/socket-folder.js';
import { policyOf } from './autoscale/policy-file.js';
import { StartError, type Opened } from './run-role.js';
import { isLoopback } from './shard-address.js';
import { untilReady } from './until-ready.js';
import { sharesPort, UpChildren } from './up-children.js';

/** An orphan of a killed `up` frees its port within a moment. */
const PORT_ATTEMPTS = 40;
const PORT_PAUSE_MS = 100;
/** For the next request of those who keep a connection and ask all the time. */
const LEAST_DRAIN_DELAY_MS = 500;
/** One query node keeps no more than these busy. */
const MOST_SHARDS = 4;

/**
 * Every role on this machine: query nodes, the first of which sees to the store, and the shard processes. The
 * parent itself only starts, restarts and stops them, more and fewer of them where it is told so.
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
  const policy = config.policy && resolve(config.policy);
  // A mistake is told before anything is started.
  if (policy !== undefined) await policyOf(policy);
  opened.add(await lockFolder(dataDir));
  const settings: Config = { ...config, dataDir, policy, ...(await sharing(config)) };
  const folder = await socketFolder(dataDir);
  const { shards = shardsOfCores(availableParallelism()) } = config;
  const addresses = nodeAddresses(folder, shards * config.replicas);
  const children = new UpChildren(settings, addresses, folder, logger);
  const { queryNodes, workers, listening, failed } = children;
  const givingUp = new AbortController();
  const groups = { query_nodes: queryNodes, workers };
  const path = join(folder, CONTROL_SOCKET);
  const control = openControlSocket({ path, groups, waiting: () => children.waiting });
  opened.add(async () => {
    givingUp.abort();
    await children.stop();
    await (
      await control
    )();
  });
  await control;
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
async function sharing(config: Config): Promise<Pick<Config, 'port' | 'drainDelayMs'>> {
  const { port, host, drainDelayMs } = config;
  if (!sharesPort(config)) return { port, drainDelayMs };
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
