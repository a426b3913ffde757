import { AdviceTaker } from '../cluster/advice-taker.js';
import { Advisor } from '../cluster/advisor.js';
import { AwayNodes } from '../cluster/away-nodes.js';
import { ClusterDesk } from '../cluster/cluster-desk.js';
import { ClusterNodes } from '../cluster/cluster-nodes.js';
import { DrainedNodes } from '../cluster/drained-nodes.js';
import { KnownZones } from '../cluster/known-zones.js';
import { Mover, type MoverDeps } from '../cluster/mover.js';
import { NodeEmptier } from '../cluster/node-emptier.js';
import { PartitionGrower } from '../cluster/partition-grower.js';
import { Reshaper } from '../cluster/reshaper.js';
import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { renewJob, requestJob } from '../jobs/job.js';
import { SETTLE_REPLICAS } from '../jobs/settle-replicas.js';
import { NodeLoads } from '../placement/node-loads.js';
import { nodeSets } from '../placement/node-sets.js';
import { PlacementCache } from '../placement/placement-cache.js';
import { Placer } from '../placement/placer.js';
import { liesOn, planMoves } from '../placement/reassign.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { Store } from '../store/store.js';

export interface OpenedCluster {
  placements: PlacementCache;
  placement: Placer;
  nodes: ClusterNodes;
  desk: ClusterDesk;
  away: AwayNodes;
  mover: Mover;
  grower: PartitionGrower;
  advice: AdviceTaker;
}

/** The nodes, what is placed on them, and the operator's side of that. */
export async function openCluster(
  config: Config,
  store: Store,
  fleet: ShardFleet,
  audit: MoverDeps['audit'],
): Promise<OpenedCluster> {
  const drained = new DrainedNodes(store.records);
  const zones = new KnownZones(store.records);
  await zones.load();
  const nodes = new ClusterNodes(fleet, drained, zones, config);
  const { maxPartitions, minShards, replicas, partitionRows, rangeRows } = config;
  const settle = (tenant: string) => renewJob(store.records, SETTLE_REPLICAS, tenant);
  const resume = (tenant: string) => requestJob(store.records, SETTLE_REPLICAS, tenant);
  const mover = new Mover({ store, settle, resume, audit });
  const emptier = new NodeEmptier({ store, nodes, drained }, mover);
  const reshaper = new Reshaper({ store, nodes, maxPartitions });
  const advisor = new Advisor({ store, nodes, maxPartitions });
  const changes = { store, nodes, mover, reshaper, advisor };
  const advice = new AdviceTaker({ ...changes, records: store.records });
  const desk = new ClusterDesk({ ...changes, emptier, replicas });
  const placements = new PlacementCache(store);
  const loads = new NodeLoads(() =>
    fleet.kept().map(({ name, reply }) => ({ node: name, rows: reply?.documents })),
  );
  const placement = new Placer(store, placements, {
    ...{ loads, minShards, maxPartitions, replicas, partitionRows },
    nodes: () => nodes.placeable(),
  });
  const away = new AwayNodes(nodes, emptier);
  const bounds = { partitionRows, rangeRows, maxPartitions };
  const grower = new PartitionGrower({
    ...{ store, nodes, loads, mover, bounds, replicas },
    awaited: fleet,
  });
  return { placements, placement, nodes, mover, desk, away, grower, advice };
}

/**
 * Partitions of nodes that the settings do not name, or that are drained, move to the others; where a node has
 * nothing, or copies are missing, all is planned anew.
 */
export async function placeOnThese(
  store: Store,
  { nodes, mover }: OpenedCluster,
  replicas: number,
  logger: Logger,
): Promise<void> {
  const names = (await nodes.all()).map(({ node }) => node);
  const placeable = await nodes.placeable();
  const open = placeable.map(({ node }) => node);
  if (open.length === 0 || (await liesOn(store, open, replicas))) return;
  const moves = await planMoves(store, nodeSets(placeable, replicas));
  const tenants = await mover.begin(moves, new Set(names));
  if (tenants === 0) return;
  logger.info({ tenants }, 'partitions were placed anew, shards build them');
}
