import { CopyWriter } from '../backup/copy-writer.js';
import { Primary } from '../backup/region/primary.js';
import { RegionAge } from '../backup/region/region-age.js';
import { RegionFollower } from '../backup/region/region-follower.js';
import { forgetPrimary } from '../backup/region/region-records.js';
import { ConfigError } from '../config/setting.js';
import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import type { ModelIdentity } from '../core/product.js';
import type { WritersPort } from '../http/forward-writes.js';
import type { PartHealth } from '../http/ports.js';
import { regionHealth, regionNotReady } from '../http/readiness.js';
import type { RegionPort } from '../http/region.js';
import type { FleetPort } from '../ingest/ports.js';
import { addRegionMetrics } from '../metrics/region-metrics.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import { placeOfUrl } from '../http/reach-writers.js';
import type { Store } from '../store/store.js';
import type { OpenedCluster } from './open-cluster.js';
import type { Opened } from './run-role.js';

/** A write waits so long for a primary that restarts. */
const PATIENCE_MS = 5_000;

interface Parts {
  config: Config;
  store: Store;
  model: ModelIdentity;
  cluster: Pick<OpenedCluster, 'placement'>;
  /** Is told of each tenant that was written. */
  nodes: Pick<FleetPort, 'nudge'>;
  page: MetricsPage;
  logger: Logger;
  opened: Opened;
}

/** A region as its node sees it. */
export interface OpenedRegion extends RegionPort {
  notReady(): string | undefined;
  health(): PartHealth;
  /** Begins to follow, where this node is the one that does. */
  start(): void;
}

/**
 * What `REGION_OF` asks for; undefined without it, and whom this store followed before is forgotten. Declares how old
 * what is served may be. Rejects `ConfigError` for a store that can not follow so.
 */
export async function openRegion(parts: Parts): Promise<OpenedRegion | undefined> {
  const { config, store, page } = parts;
  const { regionOf: url } = config;
  const region = url === undefined ? undefined : await follow(url, parts);
  const isWriter = config.serve !== 'read';
  if (region === undefined && isWriter && store.recordLog !== undefined) {
    await forgetPrimary(store.records);
  }
  addRegionMetrics(page, { lagMs: region?.lagMs, replicas: store.replicas });
  return region;
}

/** Throws `ConfigError` where `REGION_OF` is set and the store can not follow so. */
export function checkRegionStore(
  { regionOf }: Pick<Config, 'regionOf'>,
  { recordLog }: Pick<Store, 'recordLog'>,
): void {
  if (regionOf === undefined || recordLog !== undefined) return;
  throw new ConfigError(
    'REGION_OF is for STORE_URL lmdb:DIR: nodes of a region on MongoDB read from its members there',
  );
}

async function follow(url: string, parts: Parts): Promise<OpenedRegion> {
  const { config, store, model, cluster, nodes, logger, opened } = parts;
  const { regionMaxLagMs: maxLagMs } = config;
  checkRegionStore(config, store);
  const follows = config.serve !== 'read';
  const age = new RegionAge(store.records, follows);
  await age.start();
  opened.add(() => age.close());
  const follower = new RegionFollower({
    ...{ store, model, age, logger, pauseMs: config.regionPollMs },
    rows: new CopyWriter({
      store,
      place: (...asked) => cluster.placement.ensure(...asked),
      nudge: (tenant) => nodes.nudge(tenant),
    }),
    primary: new Primary(url, config.regionKey),
  });
  opened.add(() => follower.close());
  const lagMs = (): number | undefined => age.lagMs;
  return {
    lagMs,
    primary: config.regionWrites === 'forward' ? primaryOf(url) : undefined,
    notReady: () => regionNotReady(lagMs(), maxLagMs),
    health: () => regionHealth({ lagMs: lagMs(), maxLagMs, problem: follower.problem }),
    start: () => {
      if (follows) follower.start();
    },
  };
}

/** Throws what says that the URL is none. */
function primaryOf(text: string): WritersPort {
  const url = new URL(text);
  const place = placeOfUrl(url);
  return {
    places: () => [place],
    patienceMs: PATIENCE_MS,
    // It comes back with what is copied next.
    written: async () => undefined,
    host: url.host,
    pathPrefix: url.pathname.replace(/\/$/, ''),
  };
}
