import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { StoreReads } from '../cluster/store-reads.js';
import type { Config } from '../config/settings.js';
import { unlessAborted } from '../core/deadline.js';
import { StageTimes } from '../core/stage-times.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { Encoder } from '../embedding/encoder.js';
import { allowedHosts } from '../http/access.js';
import { KeptStatus } from '../http/kept-status.js';
import { createHttpServer } from '../http/server.js';
import { Catalogue } from '../ingest/catalogue.js';
import { priceListDesk } from '../jobs/sweep-prices.js';
import { AnswerState } from '../search/answer-state.js';
import type { KeptAnswers } from '../search/kept-answers.js';
import { ColdSearch } from '../search/cold-search.js';
import { RootSearch } from '../search/root-search.js';
import { warmUp } from '../search/warm-up.js';
import { mayBegin, tellFigures, tellSupervisor } from '../supervisor/lifeline.js';
import type { Store } from '../store/store.js';
import type { KeyRing } from '../tenancy/keys/key-ring.js';
import { HandoverDesk } from '../tenancy/handover-desk.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { ANALYZER_VERSION } from '../text/analyzer.js';
import { metricsPage, openMetricsServer } from './open-metrics.js';
import { cacheFigures, keptAnswers } from './open-answers.js';
import { openBackups } from './open-backups.js';
import { placeOnThese } from './open-cluster.js';
import { openImports } from './open-imports.js';
import { openLive } from './open-live.js';
import { checkAdvertised, openMembership } from './open-membership.js';
import { openNode } from './open-node.js';
import { openRegion } from './open-region.js';
import { openShop } from './open-shop.js';
import { openTenantDesks } from './open-tenancy.js';
import { openTracer } from './open-tracer.js';
import { openWriters } from './open-writers.js';
import { packageFile, packageVersion } from './package-file.js';
import { type Opened } from './run-role.js';
import { serve } from './serve.js';
import { requireModel, settleModel } from './settle-model.js';
import { isLoopback } from './shard-address.js';
import { trustedProxies } from './trusted-proxies.js';

/** Wires a query node: encoder, store, placement, shards → search and ingest → HTTP. */
export async function startQueryNode(
  config: Config,
  logger: Logger,
  opened: Opened,
  stopping: AbortSignal,
): Promise<void> {
  checkAdvertised(config);
  const page = metricsPage('query-node', config, resolve(config.dataDir));
  const metrics = await openMetricsServer(page, config, logger, opened);
  await unlessAborted(mayBegin(), stopping);
  const tracer = await openTracer(config, 'query-node', logger, opened);
  const node = await openNode(config, config.jobs, logger, opened);
  const { store, encoder, model, shards, fleet, audit, cluster, searchable } = node;
  const { isBehind, onChange, tenants, tenancy, priceLists, deps, ingest, jobs } = node;
  const { redis, history, nodes, scaling, filled, handover } = node;
  const { keyDirectory, ...keys } = node.keys;
  const { placements, ownNodes } = cluster;
  const { plans } = tenancy;
  await warnOfOpenDoors(config, keys.keys);

  const writes = config.serve !== 'read';
  await (writes ? settleModel(deps, config.reembed, logger) : requireModel(store, model));
  // Those of the store may be incomplete: a shard that registers later keeps its partitions.
  if (writes && shards.isFixed) await placeOnThese(store, cluster, config.replicas, logger);
  tellSupervisor({ type: 'opened' });

  const shop = openShop({ store, tenants, audit, config, logger, opened, redis, onChange });
  const { books } = shop;
  const stages = new StageTimes();
  const search = new RootSearch({
    ...{ model, encoder, placements, fleet, searchable, store, tenants, logger },
    ...{ rules: books, priceLists, stages },
  });
  const answers = new AnswerState({ store, tenants, priceLists, books, model, isBehind });
  const kept = keptAnswers({ config, store, redis, search, answers });
  // While the shards look for what they have.
  await warmUp(search);
  const members = openMembership(config, store, logger, () => status.notReady() === undefined);
  const queryNodes = () => members?.queryNodes() ?? [];
  const region = await openRegion({ ...node, config, page, logger, opened });
  const status = await KeptStatus.start({
    region,
    ...{ model, analyzer: ANALYZER_VERSION, minShards: config.minShards, store },
    shards: () => fleet.kept(),
    queryNodes,
    caches: () => cacheFigures(encoder?.status(), kept?.status()),
    cutoffs: () => cutoffFigures(encoder, tenants),
    encoder: () => encoder?.status(),
    redis: () => redis.status(),
  });
  opened.add(() => status.close());
  const storeReads = startStoreReads(store, config, logger, opened);
  const desks = openTenantDesks({ store, tenants, plans, audit, jobs, ownNodes });
  const handoverDesk = new HandoverDesk({ records: store.records, audit, watch: handover });
  const backups = openBackups({
    ...{ store, tenants, priceLists, deps, cluster, audit, history, filled },
    handover: handoverDesk,
    fleet: nodes,
  });
  const shown = {
    ...backups,
    ...{ answers, storeReads, scaling, handover, handoverDesk },
    ...{
      cluster: cluster.desk,
      ownNodes,
      queryNodes,
      daysUntilFull: cluster.daysUntilFull,
      ...tenancy,
      ...desks,
    },
    catalogue: new Catalogue(store),
    priceLists: priceListDesk(priceLists, audit, jobs),
    imports: openImports({ store, tenants, jobs, config }),
  };
  const views = { ...shop, ...shown, tenants, placements, keyDirectory, priceLists };
  const writers = await openWriters({ config, members, ...views }, stopping);
  const live = openLive(page, { node, config, queryNodes, backups: backups.taken });
  const shared = {
    ...{ audit, page, stages, tracer, writers, region, status, logger },
    ...{ ...keys, ...shop, ...shown, ...live },
  };
  const ports = { search: withCold(kept ?? search, node), ingest, tenants, ...shared };
  const server = await createHttpServer(ports, httpOptions(config, model));
  const port = await serve(server, members, config, opened);
  metrics?.readyUnless(() => status.notReady());
  const works = writes && config.jobs > 0;
  if (works) jobs.start();
  opened.add(() => jobs.close());
  opened.add(() => metrics?.readyUnless(() => 'shutting down'));
  tellFigures(() => ({ searches: server.searches(), ...(works && { waiting: jobs.due }) }));
  region?.start();
  tellSupervisor({ type: 'ready', port });
}

function startStoreReads(
  { records, replicas }: Store,
  { storeReads }: Config,
  logger: Logger,
  opened: Opened,
): StoreReads {
  const reads = new StoreReads(records, replicas, storeReads, logger);
  reads.start();
  opened.add(() => reads.close());
  return reads;
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

/** What is archived is searched where a request says so. */
function withCold(
  inner: KeptAnswers | RootSearch,
  { store, encoder, archive, model }: Awaited<ReturnType<typeof openNode>>,
): ColdSearch {
  return new ColdSearch(inner, { store, encoder, archive, model: model.fingerprint });
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
    metricsTenants: config.metricsTenants,
    corsOrigins: config.corsOrigins?.split(',') ?? [],
    compressMinBytes: config.compressMinBytes,
    slowSearches: slowSearches(config),
    accessLog: config.accessLog,
    webDir: packageFile('dist/web'),
    picturesDir: existsSync(pictures) ? pictures : undefined,
  };
}

function slowSearches({ slowQueryMs: slowMs, logQueryTexts: texts }: Config) {
  return slowMs === undefined ? undefined : { slowMs, texts };
}

const SHOWN_CUTOFFS = 10;

function cutoffFigures(encoder: Encoder | undefined, tenants: TenantDirectory) {
  const calibrated = tenants.calibrated(SHOWN_CUTOFFS).map(({ tenant, cutoff }) => {
    return { tenant, cosine: cutoff.cosine, products: cutoff.products };
  });
  return { own: encoder?.cutoff ?? null, calibrated };
}
