import { daysUntilFull } from '../capacity/days-until-full.js';
import { AdviceTaker } from '../cluster/advice-taker.js';
import { Advisor } from '../cluster/advisor.js';
import { AwayNodes } from '../cluster/away-nodes.js';
import { ClusterDesk } from '../cluster/cluster-desk.js';
import { ClusterNodes } from '../cluster/cluster-nodes.js';
import { DecisionLog } from '../cluster/decision-log.js';
import { DedicatedNodes } from '../cluster/dedicated-nodes.js';
import { Dedicator } from '../cluster/dedicator.js';
import { DrainedNodes } from '../cluster/drained-nodes.js';
import { FillHistory } from '../cluster/fill-history.js';
import { KnownZones } from '../cluster/known-zones.js';
import { Mover, type MoverDeps } from '../cluster/mover.js';
import { NodeEmptier } from '../cluster/node-emptier.js';
import { PartitionGrower } from '../cluster/partition-grower.js';
import { Reshaper } from '../cluster/reshaper.js';
import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import { DEDICATE_NODES } from '../jobs/dedicate-nodes.js';
import { ALL, renewJob, requestJob } from '../jobs/job.js';
import { SETTLE_REPLICAS } from '../jobs/settle-replicas.js';
import { NodeLoads } from '../placement/node-loads.js';
import type { Wish } from '../placement/dedicate.js';
import { NodePools } from '../placement/node-pools.js';
import { PlacementCache } from '../placement/placement-cache.js';
import { Placer } from '../placement/placer.js';
import { liesOn, planMoves } from '../placement/reassign.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { RecordStore } from '../store/record-store.js';
import type { Store } from '../store/store.js';
import type { OwnNodesPort } from '../tenancy/own-nodes.js';

export interface OpenedCluster {
  placements: PlacementCache;
  placement: Placer;
  nodes: ClusterNodes;
  desk: ClusterDesk;
  away: AwayNodes;
  mover: Mover;
  grower: PartitionGrower;
  advice: AdviceTaker;
  fill: FillHistory;
  daysUntilFull: () => Promise<number | null>;
  decisions: DecisionLog;
  dedicator: Dedicator;
  ownNodes: OwnNodesPort;
}

/** The nodes, what is placed on them, and the operator's side of that. @param wishes who is to have nodes of its own */
export async function openCluster(
  config: Config,
  store: Store,
  fleet: ShardFleet,
  audit: MoverDeps['audit'],
  wishes: () => Promise<readonly Wish[]>,
): Promise<OpenedCluster> {
  const drained = new DrainedNodes(store.records);
  const zones = new KnownZones(store.records);
  await zones.load();
  const dedicated = new DedicatedNodes(store.records);
  const nodes = new ClusterNodes(fleet, drained, dedicated, zones, config);
  const { maxPartitions, minShards, replicas, partitionRows, rangeRows } = config;
  const settle = (tenant: string) => renewJob(store.records, SETTLE_REPLICAS, tenant);
  const resume = (tenant: string) => requestJob(store.records, SETTLE_REPLICAS, tenant);
  const decisions = new DecisionLog(store.records);
  const mover = new Mover({ store, settle, resume, audit, decisions });
  const loads = new NodeLoads(() =>
    fleet.kept().map(({ name, reply }) => ({ node: name, rows: reply?.documents })),
  );
  const dedicator = new Dedicator({ store, nodes, dedicated, mover, loads, wishes, replicas });
  const emptier = new NodeEmptier({ store, nodes, drained, dedicator, replicas }, mover);
  const reshaper = new Reshaper({ store, nodes, maxPartitions });
  const advisor = new Advisor({ store, nodes, maxPartitions });
  const changes = { store, nodes, mover, reshaper, advisor };
  const advice = new AdviceTaker({ ...changes, records: store.records });
  const desk = new ClusterDesk({ ...changes, emptier, replicas });
  const placements = new PlacementCache(store);
  const placement = new Placer(store, placements, {
    ...{ loads, minShards, maxPartitions, replicas, partitionRows },
    nodes: async (tenant) => new NodePools(await nodes.placeable(), replicas).of(tenant).nodes,
  });
  const away = new AwayNodes(nodes, emptier);
  const bounds = { partitionRows, rangeRows, maxPartitions };
  const grower = new PartitionGrower({
    ...{ store, nodes, loads, mover, bounds, replicas },
    awaited: fleet,
  });
  const parts = { placements, placement, nodes, mover, desk, away, grower, advice };
  const fill = new FillHistory({ records: store.records, nodes });
  const ownNodes = openOwnNodes(dedicated, dedicator, store.records);
  return {
    ...parts,
    dedicator,
    ownNodes,
    decisions,
    fill,
    daysUntilFull: async () => daysUntilFull(await fill.days(), fill.today),
  };
}

/** Nodes of single tenants, for who changes plans. What fails here, the job's next look does. */
function openOwnNodes(
  dedicated: DedicatedNodes,
  dedicator: Dedicator,
  records: RecordStore,
): OwnNodesPort {
  return {
    of: (tenant) => dedicated.of(tenant),
    changed: async () => {
      await dedicator.assign().catch(() => undefined);
      await renewJob(records, DEDICATE_NODES, ALL).catch(() => undefined);
    },
  };
}

/**
 * Partitions of nodes that the settings do not name, or that are drained, move to the others; where a node has
 * nothing, or copies are missing, all is planned anew.
 */
export async function placeOnThese(
  store: Store,
  { nodes, mover, dedicator }: OpenedCluster,
  replicas: number,
  logger: Logger,
): Promise<void> {
  await dedicator.assign();
  const names = (await nodes.all()).map(({ node }) => node);
  const placeable = await nodes.placeable();
  const pools = new NodePools(placeable, replicas);
  const poolOf = (tenant: string) => pools.of(tenant);
  if (placeable.length === 0 || (await liesOn(store, poolOf, replicas))) return;
  const moves = await planMoves(store, poolOf);
  const tenants = await mover.begin(moves, new Set(names));
  if (tenants === 0) return;
  logger.info({ tenants }, 'partitions were placed anew, shards build them');
}
