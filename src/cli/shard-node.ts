import { mkdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/settings.js';
import { unlessAborted } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import { beNice, NICENESS } from '../core/niceness.js';
import type { ModelIdentity } from '../core/product.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import { addQueue } from '../metrics/queue-metrics.js';
import { addShardMetrics } from '../metrics/shard-metrics.js';
import { addStoreMetrics, addStoreServers } from '../metrics/store-metrics.js';
import { endpointOf } from '../protocol/shard-address.js';
import { ShardNode } from '../shard/node/shard-node.js';
import { ShardServer } from '../shard/node/shard-server.js';
import { warmUp } from '../shard/node/warm-up.js';
import { StoreTimes, timedStore } from '../store/store-times.js';
import type { StoreReader } from '../store/store.js';
import { lockFolder } from '../supervisor/folder-lock.js';
import { mayBegin, tellSupervisor } from '../supervisor/lifeline.js';
import { openMetrics } from './open-metrics.js';
import { openPeers } from './open-peers.js';
import { openReader } from './open-store.js';
import { openTracer } from './open-tracer.js';
import { packageUrl } from './package-file.js';
import { StartError, type Opened } from './run-role.js';
import { advertisedAddress, checkAddresses } from './shard-address.js';
import { shardCertificate } from './shard-tls.js';

const MODEL_WAIT_MS = 30_000;
const MODEL_POLL_MS = 100;
const MERGE_FANOUT = 8;
const MAX_DEAD_SHARE = 0.2;
/** How soon a write is found of which no nudge told. */
const TENANT_POLL_MS = 500;
/** Query nodes learn of a switch within a second; a search may be under way for longer. */
const SWITCH_GRACE_MS = 10_000;
/** Fewer rows than this take no memory worth a build. */
const TIER_MIN_ROWS = 1_000;
/** Less than a tenth of a second of reading at a start. */
const REPLAY_ENTRIES = 10_000;

/** Wires a shard process: store reader → node → server. */
export async function startShardNode(
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
): Promise<void> {
  beNice(NICENESS.shard);
  const { shard, listen, shardSecret: secret } = config;
  const { recallSample: sampleShare, reconcileIntervalMs: intervalMs } = config;
  checkAddresses(config);
  const dataDir = join(config.dataDir, 'shards', shard);
  const { page, metrics } = await openMetrics('shard-node', config, logger, opened, dataDir);
  const certificate = shardCertificate(config);
  opened.add(await lockFolder(dataDir));
  // While the query node opens the store.
  await warmUp();
  await unlessAborted(mayBegin(), stopping);
  const storeTimes = new StoreTimes();
  const store = timedStore(await openReader(config), storeTimes);
  opened.add(() => store.close());
  const model = await waitForModel(store);
  const node = new ShardNode(
    store,
    {
      ...{ shard, zone: config.zone, capacityBytes: config.capacityBytes || memoryBytes() },
      dataDir: join(dataDir, 'tenants'),
      buildWorkerFile: packageUrl('dist/shard/build/build-worker.js'),
      model: model.fingerprint,
      dimensions: model.dimensions,
      segment: {
        graphMinRows: config.graphMinRows,
        graph: {
          engine: config.graphEngine,
          M: config.hnswM,
          efConstruction: config.hnswEfConstruction,
        },
        ef: {
          target: config.recallTarget,
          min: Math.min(config.hnswEfMin, config.hnswEfMax),
          max: config.hnswEfMax,
          vectorsOnly: model.name === 'none',
        },
      },
      merge: {
        tailRows: config.tailRows,
        fanout: MERGE_FANOUT,
        maxDeadShare: MAX_DEAD_SHARE,
        maxSegmentRows: config.maxSegmentRows,
        replayEntries: REPLAY_ENTRIES,
      },
      hosting: {
        pollMs: TENANT_POLL_MS,
        idleMs: config.tenantIdleMs,
        openTenants: config.openTenants,
        tombstoneRetentionMs: config.tombstoneRetentionMs,
        switchGraceMs: SWITCH_GRACE_MS,
        fenceMs: config.leaseMs,
      },
      tiers: { everyMs: config.tiersEveryMs, minRows: TIER_MIN_ROWS },
      recall: sampleShare === 0 ? undefined : { sampleShare, target: config.recallTarget },
      peers: openPeers(config, store, opened),
      reconcile: intervalMs === 0 ? undefined : { intervalMs },
    },
    logger,
  );
  opened.add(() => node.close());
  const { storeId } = store;
  const limits = { queueLimit: config.searchQueue, tenantQueueLimit: config.tenantSearchQueue };
  const tls = certificate?.read();
  const tracer = await openTracer(config, 'shard-node', logger, opened);
  const options = { shard, storeId, secret, address: listen, ...limits, tls, tracer };
  const server = new ShardServer(node, options, logger);
  if (page !== undefined) addMetrics(page, { shard, node, server, store, storeTimes });
  const endpoint = endpointOf(listen);
  if ('path' in endpoint) await mkdir(dirname(endpoint.path), { recursive: true, mode: 0o700 });
  const address = advertisedAddress(config.advertise, await server.listen());
  opened.add(() => server.close());
  if (certificate !== undefined) {
    const onProblem = (reason: string): void => {
      logger.error({ reason }, 'the certificate that was renewed cannot be used');
    };
    opened.add(certificate.watch((renewed) => server.renew(renewed), onProblem));
  }
  await store.directory?.register(shard, address);
  logger.info({ shard, address }, 'listening');
  await node.start();
  metrics?.readyUnless(() => node.status().notReady);
  const watch = store.watch?.((tenant) => node.nudge(tenant));
  opened.add(async () => watch?.close());
  tellSupervisor({ type: 'ready' });
}

interface ShownParts {
  shard: string;
  node: ShardNode;
  server: ShardServer;
  store: StoreReader;
  storeTimes: StoreTimes;
}

function addMetrics(
  page: MetricsPage,
  { shard, node, server, store, storeTimes }: ShownParts,
): void {
  addShardMetrics(page, shard, () => node.status(), server.requests);
  addQueue(page, 'searches', () => server.waiting);
  addStoreMetrics(page, storeTimes.operations);
  addStoreServers(page, () => store.servers?.());
}

/** What the machine has, or the container may take. */
function memoryBytes(): number {
  const bound = process.constrainedMemory();
  return bound > 0 ? Math.min(bound, totalmem()) : totalmem();
}

/** The model of the stored vectors, which the first query node names. */
async function waitForModel(store: StoreReader): Promise<ModelIdentity> {
  for (let waitedMs = 0; waitedMs < MODEL_WAIT_MS; waitedMs += MODEL_POLL_MS) {
    const model = await store.model();
    if (model !== undefined) return model;
    await sleep(MODEL_POLL_MS);
  }
  throw new StartError('the store names no model yet: start a query node first');
}
