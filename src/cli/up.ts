import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { childEnv } from '../config/child-env.js';
import type { Config } from '../config/settings.js';
import { digest } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { lockFolder } from '../supervisor/folder-lock.js';
import { ManagedChild, type ChildMessage, type ChildSpec } from '../supervisor/managed-child.js';
import { packageFile } from './package-file.js';
import { isLoopback } from './loopback.js';
import { StartError, type Role } from './run-role.js';
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
/** A Unix socket's path is limited to some 108 bytes. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Every role on this machine: one query node, which owns the store, and the shard processes. The
 * parent itself only starts, restarts and stops them.
 */
export async function startUp(
  config: Config,
  logger: Logger,
  stopping: AbortSignal,
): Promise<Role> {
  const dataDir = resolve(config.dataDir);
  const unlock = await lockFolder(dataDir);
  const settings: Config = { ...config, dataDir };
  const addresses = await shardAddresses(dataDir, config.shards);
  const children: ManagedChild[] = [];
  const close = async (): Promise<void> => {
    const graceMs = config.drainDelayMs + config.drainTimeoutMs + KILL_AFTER_DRAIN_MS;
    for (const child of children) child.letGo();
    // Searches in flight still need the shards: the query node goes first.
    const [queryNode, ...shards] = children;
    await queryNode?.stop(graceMs);
    await Promise.all(shards.map((shard) => shard.stop(graceMs)));
    await unlock();
  };
  try {
    const starting = startChildren(settings, addresses, children, logger);
    const port = await unlessStopped(starting, stopping);
    const url = `http://${isLoopback(config.host) ? config.host : '127.0.0.1'}:${port}`;
    await untilReady(url, stopping, logger);
    if (config.demo) {
      const { indexDemo } = await import('./index-demo.js');
      await unlessStopped(indexDemo(url, config.apiKey), stopping);
    }
    process.stdout.write(`OmniSearch is ready: ${url}\n`);
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `work`, or a rejection when a stop is asked for first. */
async function unlessStopped<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  const aborted = once(stopping, 'abort').then(() => {
    throw new StartError('stopped before it was ready');
  });
  aborted.catch(() => undefined);
  stopping.throwIfAborted();
  return Promise.race([work, aborted]);
}

type Fork = Omit<ChildSpec, 'script'>;

/** Resolves with the query node's port once it listens; the shards follow. */
async function startChildren(
  config: Config,
  addresses: ReadonlyMap<string, string>,
  children: ManagedChild[],
  logger: Logger,
): Promise<number> {
  const script = packageFile('dist/cli/main.js');
  const start = (spec: Fork): Promise<number> =>
    new Promise((ready, fail) => {
      const onMessage = (message: ChildMessage): void => {
        if (message.type === 'ready') ready(message.port ?? 0);
        else if (spec.mustStart) fail(new StartError(message.line));
      };
      const child = new ManagedChild({ ...spec, script }, logger, onMessage);
      children.push(child);
      child.start();
    });

  const flags = [...addresses].flatMap(([name, address]) => [
    '--shard-address',
    `${name}=${address}`,
  ]);
  const env = childEnv(config, 'query-node', process.env);
  const args = ['query-node', ...flags];
  const port = await start({ name: 'query node', args, env, mustStart: true });
  // Started again, it must be found where it was, also when the first port was any free one.
  env['OMNISEARCH_PORT'] = String(port);
  for (const [shard, listen] of addresses) {
    const shardConfig: Config = { ...config, shard, listen };
    const shardEnv = { ...MALLOC_ENV, ...childEnv(shardConfig, 'shard-node', process.env) };
    const name = `shard ${shard}`;
    // Until it is there, answers say that it is missing.
    void start({ name, args: ['shard-node'], env: shardEnv, mustStart: false });
  }
  return port;
}

async function shardAddresses(dataDir: string, shards: number): Promise<Map<string, string>> {
  const names = Array.from({ length: shards }, (_, i) => `s${i + 1}`);
  const inData = join(dataDir, 'run');
  const fits = Buffer.byteLength(join(inData, 's64.sock')) < MAX_SOCKET_PATH_BYTES;
  const folder = fits ? inData : join(tmpdir(), `omnisearch-${digest(dataDir).slice(0, 12)}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return new Map(names.map((name) => [name, join(folder, `${name}.sock`)]));
}
