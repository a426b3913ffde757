import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { childEnv } from '../config/child-env.js';
import type { Config } from '../config/settings.js';
import { digest } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { lockFolder } from '../supervisor/folder-lock.js';
import { ManagedChild, type ChildMessage } from '../supervisor/managed-child.js';
import { packageFile } from './package-file.js';
import { isLoopback } from './loopback.js';
import { StartError, type Role } from './run-role.js';
import { untilReady } from './until-ready.js';

/** Past the drain time a child is hung. */
const KILL_AFTER_DRAIN_MS = 500;
/** A Unix socket's path is limited to some 108 bytes. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * Every role on this machine: one query node, which owns the store, and the shard processes. The
 * parent itself only starts, restarts and stops them.
 */
export async function startUp(config: Config, logger: Logger): Promise<Role> {
  const dataDir = resolve(config.dataDir);
  const unlock = await lockFolder(dataDir);
  const settings: Config = { ...config, dataDir };
  const addresses = await shardAddresses(dataDir, config.shards);
  const children: ManagedChild[] = [];
  const close = async (): Promise<void> => {
    const graceMs = config.drainTimeoutMs + KILL_AFTER_DRAIN_MS;
    // Searches in flight still need the shards: the query node goes first.
    for (const child of children) await child.stop(graceMs);
    await unlock();
  };
  try {
    const port = await startChildren(settings, addresses, children, logger);
    const url = `http://${isLoopback(config.host) ? config.host : '127.0.0.1'}:${port}`;
    await untilReady(url);
    if (config.demo) await (await import('./index-demo.js')).indexDemo(url, config.apiKey);
    process.stdout.write(`OmniSearch is ready: ${url}\n`);
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves with the query node's port once it listens; the shards follow. */
async function startChildren(
  config: Config,
  addresses: ReadonlyMap<string, string>,
  children: ManagedChild[],
  logger: Logger,
): Promise<number> {
  const script = packageFile('dist/cli/main.js');
  const start = (spec: { name: string; args: string[]; env: NodeJS.ProcessEnv }): Promise<number> =>
    new Promise((ready, fail) => {
      const onMessage = (message: ChildMessage): void => {
        if (message.type === 'ready') ready(message.port ?? 0);
        else fail(new StartError(message.line));
      };
      const child = new ManagedChild({ ...spec, script }, logger, onMessage);
      children.push(child);
      child.start();
    });

  const addressFlags = [...addresses].flatMap(([name, address]) => [
    '--shard-address',
    `${name}=${address}`,
  ]);
  const env = childEnv(config, 'query-node', process.env);
  const port = await start({ name: 'query node', args: ['query-node', ...addressFlags], env });
  // Started again, it must be found where it was, also when the first port was any free one.
  env['OMNISEARCH_PORT'] = String(port);
  for (const [shard, listen] of addresses) {
    const shardConfig: Config = { ...config, shard, listen };
    const shardEnv = childEnv(shardConfig, 'shard-node', process.env);
    const spec = { name: `shard ${shard}`, args: ['shard-node'], env: shardEnv };
    start(spec).catch((error: unknown) => {
      logger.error({ error: String(error) }, `shard ${shard} cannot start`);
    });
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
