import { ColdDesk } from '../backup/cold/cold-desk.js';
import { openArchive } from './open-archive.js';
import { GrowthTrigger } from '../cluster/growth-trigger.js';
import { ScalingLog } from '../cluster/scaling-log.js';
import type { Config } from '../config/settings.js';
import { searchTurns } from '../core/fair-turns.js';
import type { Logger } from '../core/logger.js';
import { Ingest } from '../ingest/ingest.js';
import type { FleetPort, IngestDeps } from '../ingest/ports.js';
import { TenantBounds } from '../ingest/tenant-bounds.js';
import { GROW_PARTITIONS } from '../jobs/grow-partitions.js';
import { JobRunner } from '../jobs/job-runner.js';
import { UntilSearchable } from '../placement/until-searchable.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import { StoreTimes, timedStore } from '../store/store-times.js';
import { AuditLog } from '../tenancy/audit-log.js';
import { PriceLists } from '../tenancy/price-lists.js';
import { HandoverWatch } from '../tenancy/handover-watch.js';
import { heldStore } from '../tenancy/held-store.js';
import { nodeWishes } from '../tenancy/own-nodes.js';
import { TenantDirectory } from '../tenancy/tenant-directory.js';
import { openHistory } from './open-backups.js';
import { openCluster } from './open-cluster.js';
import { openEdge } from './open-edge.js';
import { openKeys } from './open-keys.js';
import { openModel } from './open-model.js';
import { openRedis } from './open-redis.js';
import { openStore } from './open-store.js';
import { openTenancy } from './open-tenancy.js';
import { kindsOfJobs } from './kinds-of-jobs.js';
import type { Opened } from './run-role.js';
import { openFleet } from './shard-fleet.js';

/** Shards are asked for their state each second, and may take as long to answer: one that lives is silent for so long. */
const SILENCE_MARGIN_MS = 2_000;

/**
 * What writes, in a query node or a worker: store, model, shards, placement, tenants, and the jobs, which are not begun
 * yet. `ofCatalogues` is how many imports it works on at a time.
 */
export async function openNode(
  config: Config,
  ofCatalogues: number,
  logger: Logger,
  opened: Opened,
) {
  // Beside each other: the model is read by threads of its own, the store's pages are checked by this one.
  const opening = openStore(config);
  opening.catch(() => undefined);
  opened.add(async () => {
    const open = await opening.catch(() => undefined);
    await open?.close();
  });
  // Asked by searches, for which all is open by then.
  const weightOf = (tenant: string): number => tenancy.plans.weight(tenant);
  searchTurns.weightOf = weightOf;
  const redis = await openRedis(config, logger, opened);
  const { encoder, model } = await openModel(config, weightOf, redis);
  opened.add(async () => encoder?.close());
  const storeTimes = new StoreTimes();
  const untimed = await opening;
  // Notes what each write changes: before anybody else has the store.
  const history = await openHistory(untimed, config);
  const filled = timedStore(untimed, storeTimes);
  const { records } = filled;
  const handover = new HandoverWatch({ records, logger });
  await handover.look();
  handover.start();
  opened.add(() => handover.close());
  const store = heldStore(filled, handover);
  const shards = await openFleet(config, store, logger, opened, weightOf);
  const { fleet } = shards;
  const audit = new AuditLog(records);
  const keys = openKeys(records, audit, config);
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
  const tenants = new TenantDirectory(records, config.autoCreateTenants, undefined, onChange);
  const base = { store, tenants, audit, config, logger, opened, ownNodes };
  const tenancy = openTenancy({ ...base, redis: redis.connection });
  const { plans, meter } = tenancy;
  const bounds = new TenantBounds(store, config, plans);
  const priceLists = new PriceLists(records, onChange);
  const place = { placement, tenants, bounds, meter, priceLists, fleet: edge.fleet };
  const archive = await openArchive(config);
  const cold = new ColdDesk({
    ...{ store, archive, model: model.fingerprint, nudge: (tenant) => nodes.nudge(tenant) },
    place: (...asked) => placement.ensure(...asked),
    maxProducts: (tenant) => bounds.maxProducts(tenant),
  });
  const deps: IngestDeps = { store, model, encoder, ...place, cold, limits: config, logger };
  const ingest = new Ingest(deps);
  const ofTenants = { store, history, tenants, priceLists, keys: keys.keyDesk };
  const background = { ...ofTenants, placement, placements, encoder, logger, archive };
  const kinds = kindsOfJobs(config, cluster, { ...background, ingest }, { fleet, searchable });
  const connection = config.serve === 'read' ? undefined : redis.connection;
  // Loaded where it is used alone: a start without Redis is not to wait for it.
  const queue =
    connection && new (await import('../jobs/job-queue.js')).BullQueue(connection, logger);
  const jobs = new JobRunner({ records, kinds, logger, ofCatalogues, queue });
  return {
    ...{
      store,
      storeTimes,
      encoder,
      model,
      shards,
      fleet,
      audit,
      cluster,
      searchable,
      isBehind,
      onChange,
    },
    ...{ tenants, tenancy, priceLists, deps, ingest, jobs },
    ...{ redis, history, keys, nodes, archive, filled, handover },
    scaling: new ScalingLog(records),
  };
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
