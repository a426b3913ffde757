import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Config } from '../config/settings.js';
import { unlessAborted } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import { beNice, NICENESS } from '../core/niceness.js';
import { mayBegin, tellFigures, tellSupervisor } from '../supervisor/lifeline.js';
import { socketsOf } from '../supervisor/socket-folder.js';
import { addWriterMetrics } from './node-metrics.js';
import { openMetrics } from './open-metrics.js';
import { isLmdb } from './open-store.js';
import { openNode } from './open-node.js';
import { checkRegionStore } from './open-region.js';
import type { Opened } from './run-role.js';
import { requireModel } from './settle-model.js';

const SHARD_SOCKET = /^s\d+\.sock$/;

/** Wires a worker: all that writes, without HTTP. It works on jobs until it is stopped, and leaves them to others then. */
export async function startWorker(
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
): Promise<void> {
  // Searches on the same machine go before it.
  beNice(NICENESS.building);
  const { page, metrics } = await openMetrics('worker', config, logger, opened);
  await unlessAborted(mayBegin(), stopping);
  const shardAddress = await shardsBeside(config);
  const node = await openNode({ ...config, shardAddress }, config.concurrency, logger, opened);
  const { store, model, jobs } = node;
  checkRegionStore(config, store);
  if (page !== undefined) addWriterMetrics(page, node);
  await requireModel(store, model);
  opened.add(() => jobs.close());
  jobs.start();
  metrics?.readyUnless(() => jobs.problem);
  tellFigures(() => ({ waiting: jobs.due }));
  tellSupervisor({ type: 'ready' });
  logger.info({ concurrency: config.concurrency }, 'the worker is ready');
}

/** Beside `up`, on its store, the shards are those whose sockets lie in its folder. */
async function shardsBeside({
  shardAddress,
  storeUrl,
  dataDir,
}: Config): Promise<Config['shardAddress']> {
  if (shardAddress.length > 0 || !isLmdb(storeUrl)) return shardAddress;
  const folder = await socketsOf(resolve(dataDir));
  const names = await readdir(folder).catch(() => []);
  const shards = names.filter((name) => SHARD_SOCKET.test(name));
  return shards.map((name) => [basename(name, '.sock'), join(folder, name)] as const);
}
