import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { GrowthTrigger } from '../cluster/growth-trigger.js';
import type { Config } from '../config/settings.js';
import { unlessAborted } from '../core/deadline.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { noneModel, openEncoder } from '../embedding/open-encoder.js';
import { allowedHosts } from '../http/access.js';
import { KeptStatus } from '../http/kept-status.js';
import { createHttpServer } from '../http/server.js';
import { Catalogue } from '../ingest/catalogue.js';
import { Ingest } from '../ingest/ingest.js';
import type { FleetPort, IngestDeps } from '../ingest/ports.js';
import { TenantBounds } from '../ingest/tenant-bounds.js';
import { TenantTransfer } from '../ingest/tenant-transfer.js';
import { GROW_PARTITIONS } from '../jobs/grow-partitions.js';
import { JobRunner } from '../jobs/job-runner.js';
import { jobKinds, type KindDeps } from '../jobs/kinds.js';
import { priceListDesk } from '../jobs/sweep-prices.js';
import type { SwitchFleet } from '../jobs/switch-terms.js';
import { UntilSearchable } from '../placement/until-searchable.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import { AnswerState } from '../search/answer-state.js';
import { RootSearch } from '../search/root-search.js';
import { warmUp } from '../search/warm-up.js';
import { AuditLog } from '../tenancy/audit-log.js';
import type { KeyRing } from '../tenancy/keys/key-ring.js';
import { nodeWishes } from '../tenancy/own-nodes.js';
import { PriceLists } from '../tenancy/price-lists.js';
import { TenantDirectory } from '../tenancy/tenant-directory.js';
import { ANALYZER_VERSION } from '../text/analyzer.js';
import { mayBegin, tellSupervisor } from '../supervisor/lifeline.js';
import { cacheFigures, keptAnswers } from './open-answers.js';
import { openBackups, openHistory } from './open-backups.js';
import { openCluster, placeOnThese, type OpenedCluster } from './open-cluster.js';
import { openEdge } from './open-edge.js';
import { openKeys } from './open-keys.js';
import { checkAdvertised, openMembership } from './open-membership.js';
import { openRedis, type OpenedRedis } from './open-redis.js';
import { openShop } from './open-shop.js';
import { openStore } from './open-store.js';
import { openTenancy, openTenantDesks } from './open-tenancy.js';
import { openWriters } from './open-writers.js';
import { packageFile, packageVersion } from './package-file.js';
import { StartError, type Opened } from './run-role.js';
import { serve } from './serve.js';
import { requireModel, settleModel } from './settle-model.js';
import { isLoopback } from './shard-address.js';
import { openFleet } from './shard-fleet.js';
import { trustedProxies } from './trusted-proxies.js';

/** Shards are asked for their state each second, and may take as long to answer: one that lives is silent for so long. */
const SILENCE_MARGIN_MS = 2_000;
/** Wires a query node: encoder, store, placement, shards → search and ingest → HTTP. */
export async function startQueryNode(
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
): Promise<void> {
  checkAdvertised(config);
  await unlessAborted(mayBegin(), stopping);
  // Beside each other: the model is read by threads of its own, the store's pages are checked by this one.
  const opening = openStore(config);
  opening.catch(() => undefined);
  opened.add(async () => {
    const open = await opening.catch(() => undefined);
    await open?.close();
  });
  // Asked by searches, for which all is open by then.
  const weightOf = (tenant: string): number => tenancy.plans.weight(tenant);
  const redis = openRedis(config, logger, opened);
  const { encoder, model } = await openModel(config, weightOf, redis);
  opened.add(async () => encoder?.close());
  const store = await opening;
  const history = await openHistory(store, config);
  const { fleet, isFixed } = await openFleet(config, store, logger, opened, weightOf);
  const audit = new AuditLog(store.records);
  const { keyDirectory, ...keys } = openKeys(store.records, audit, config);
  await warnOfOpenDoors(config, keys.keys);
  const wishes = () => nodeWishes(tenants, tenancy.plans);
  const cluster = await openCluster(config, store, fleet, audit, wishes);
  const { placements, placement, ownNodes } = cluster;
  const searchable = new UntilSearchable({
    ...{ store, nodes: fleet, deadAfterMs: config.leaseMs + SILENCE_MARGIN_MS },
    change: (tenant, to) => cluster.mover.change(tenant, to),
  });
  const growth = new GrowthTrigger(config.partitionRows, (tenant) =>
    jobs.request(GROW_PARTITIONS, tenant),
  );
  const nodes = toldOfWrites(fleet, searchable, growth);
  const isBehind = (): boolean => fleet.kept().some(({ reply }) => reply?.behind !== 0);
  const edge = openEdge({ config, store, fleet: nodes, isBehind, logger, opened });
  const { onChange } = edge;
  const { records } = store;
  const tenants = new TenantDirectory(records, config.autoCreateTenants, undefined, onChange);
  const base = { store, tenants, audit, config, logger, opened, ownNodes };
  const tenancy = openTenancy({ ...base, redis: redis.connection });
  const { plans, meter } = tenancy;
  const bounds = new TenantBounds(store, config, plans);
  const priceLists = new PriceLists(records, onChange);
  const place = { placement, tenants, bounds, meter, priceLists, fleet: edge.fleet };
  const deps: IngestDeps = { store, model, encoder, ...place, limits: config, logger };

  const writes = config.serve !== 'read';
  await (writes ? settleModel(deps, config.reembed, logger) : requireModel(store, model));
  // Those of the store may be incomplete: a shard that registers later keeps its partitions.
  if (writes && isFixed) await placeOnThese(store, cluster, config.replicas, logger);
  tellSupervisor({ type: 'opened' });

  const shop = openShop({ ...base, redis, onChange });
  const { books } = shop;
  const search = new RootSearch({
    ...{ model, encoder, placements, fleet, searchable, store, tenants, logger },
    ...{ rules: books, priceLists },
  });
  const answers = new AnswerState({ store, tenants, priceLists, books, model, isBehind });
  const kept = keptAnswers({ config, store, redis, search, answers });
  // While the shards look for what they have.
  await warmUp(search);
  const members = openMembership(config, store, logger, () => status.notReady() === undefined);
  const queryNodes = () => members?.queryNodes() ?? [];
  const status = await KeptStatus.start({
    ...{ model, analyzer: ANALYZER_VERSION, minShards: config.minShards, store },
    shards: () => fleet.kept(),
    queryNodes,
    caches: () => cacheFigures(encoder?.status(), kept?.status()),
    cutoffs: () => cutoffFigures(encoder, tenants),
    redis: () => redis.status(),
  });
  opened.add(() => status.close());
  const ofTenants = { store, history, tenants, priceLists, keys: keys.keyDesk };
  const background = { ...ofTenants, placement, placements, encoder, logger };
  const kinds = kindsOfJobs(config, cluster, background, { fleet, searchable });
  const jobs = new JobRunner({ records, kinds, logger });
  const desks = openTenantDesks({ store, tenants, plans, audit, jobs, ownNodes });
  const backups = openBackups({
    ...{ store, tenants, model, cluster, audit, history },
    fleet: nodes,
  });
  const shown = {
    ...backups,
    answers,
    ...{ cluster: cluster.desk, ownNodes, queryNodes, ...tenancy, ...desks },
    catalogue: new Catalogue(store),
    priceLists: priceListDesk(priceLists, audit, jobs),
  };
  const transfer = new TenantTransfer({ ...deps, tenants, priceLists });
  const views = { ...shop, ...shown, tenants, placements, keyDirectory, priceLists };
  const writers = await openWriters({ config, members, ...views }, stopping);
  const shared = { audit, ...keys, ...shop, ...shown, writers, status, logger };
  const ports = { search: kept ?? search, ingest: new Ingest(deps), transfer, tenants, ...shared };
  const server = await createHttpServer(ports, httpOptions(config, model));
  const port = await serve(server, members, config, opened);
  if (writes) jobs.start();
  opened.add(() => jobs.close());
  tellSupervisor({ type: 'ready', port });
}

/** What is done in the background. */
function kindsOfJobs(
  { tombstoneRetentionMs, auto, coolDownMs }: Config,
  { away, grower, dedicator, advice: taker }: OpenedCluster,
  deps: Omit<
    KindDeps,
    'away' | 'grower' | 'dedicator' | 'tombstoneRetentionMs' | 'nodes' | 'fleet' | 'advice'
  >,
  { fleet, searchable }: { fleet: ShardFleet; searchable: UntilSearchable },
): ReturnType<typeof jobKinds> {
  return jobKinds({
    ...{ ...deps, away, grower, dedicator, tombstoneRetentionMs },
    ...{ nodes: fleet, fleet: switchFleet(fleet, searchable) },
    advice: auto ? { taker, coolDownMs } : undefined,
  });
}

/** The shards as writes see them. */
function toldOfWrites(
  fleet: ShardFleet,
  searchable: UntilSearchable,
  growth: GrowthTrigger,
): FleetPort {
  return {
    nudge: (tenant) => {
      fleet.nudge(tenant);
      growth.written(tenant);
    },
    awaitApplied: (...awaited) => searchable.awaitApplied(...awaited),
  };
}

/** The shards as the job sees them that has new text settings serve. */
function switchFleet(fleet: ShardFleet, searchable: UntilSearchable): SwitchFleet {
  return {
    switching: () =>
      fleet.kept().flatMap(({ reply }) => reply?.switching.first.map(({ tenant }) => tenant) ?? []),
    awaitApplied: (...awaited) => searchable.awaitApplied(...awaited),
  };
}

/** Whoever can reach the port can read and change everything. */
async function warnOfOpenDoors(
  { host, apiKey }: Config,
  keys: Pick<KeyRing, 'exist'>,
): Promise<void> {
  if (isLoopback(host) || apiKey !== undefined || (await keys.exist())) return;
  process.stderr.write(
    `omnisearch: listening on ${host} without API_KEY or keys: anyone who reaches it may search and write\n`,
  );
}

function httpOptions(config: Config, model: ModelIdentity): Parameters<typeof createHttpServer>[1] {
  const pictures = packageFile('dist/demo/pictures');
  return {
    dimensions: model.dimensions,
    apiKey: config.apiKey,
    adminKey: config.adminKey,
    authFailuresPerMinute: config.authFailuresPerMinute,
    loopback: isLoopback(config.host),
    allowedHosts: allowedHosts(
      config.host,
      config.allowedHosts?.split(',') ?? [],
      isLoopback(config.host) && config.apiKey === undefined,
    ),
    trustProxy: trustedProxies(config.trustProxy),
    limits: {
      searchConcurrency: config.searchConcurrency,
      searchQueue: config.searchWaiting,
      maxConnections: config.maxConnections,
      maxProductBytes: config.maxProductBytes,
      bodyBytes: config.bodyBytes,
      bodyTimeoutMs: config.bodyTimeoutMs,
      bodyMinBytesPerS: config.bodyMinBytesPerS,
      replyBytes: config.replyBytes,
      replyTimeoutMs: config.replyTimeoutMs,
    },
    version: packageVersion(),
    searchMaxAgeS: config.searchMaxAgeS,
    corsOrigins: config.corsOrigins?.split(',') ?? [],
    compressMinBytes: config.compressMinBytes,
    webDir: packageFile('dist/web'),
    picturesDir: existsSync(pictures) ? pictures : undefined,
  };
}

const SHOWN_CUTOFFS = 10;

function cutoffFigures(encoder: Encoder | undefined, tenants: TenantDirectory) {
  const calibrated = tenants.calibrated(SHOWN_CUTOFFS).map(({ tenant, cutoff }) => {
    return { tenant, cosine: cutoff.cosine, products: cutoff.products };
  });
  return { own: encoder?.cutoff ?? null, calibrated };
}

async function openModel(
  config: Config,
  weightOf: (tenant: string) => number,
  redis: OpenedRedis,
): Promise<{ encoder?: Encoder; model: ModelIdentity }> {
  if (config.model === 'none') return { model: noneModel(config.dimensions) };
  // A folder of the user's first, then one that came with the package.
  const own = resolve(config.model);
  const modelDir = existsSync(own) || isAbsolute(config.model) ? own : packageFile(config.model);
  try {
    const encoder = await openEncoder({
      modelDir,
      precision: config.modelPrecision,
      queueLimit: config.embeddingQueue,
      maxWaitMs: config.embeddingMaxWaitMs,
      weightOf,
      cacheEntries: config.embeddingCacheEntries,
      cacheBytes: config.embeddingCacheBytes,
      cacheFile: join(config.dataDir, 'embedding-cache'),
      sharedValues: redis.values('embeddings', config.redisEmbeddingsTtlMs),
      ...(config.embeddingThreads === 0 ? {} : { threads: config.embeddingThreads }),
    });
    return { encoder, model: encoder.model };
  } catch (error) {
    throw new StartError(`MODEL cannot be used: ${(error as Error).message}`);
  }
}
