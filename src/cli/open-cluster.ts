import { AwayNodes } from '../cluster/away-nodes.js';
import { ClusterDesk } from '../cluster/cluster-desk.js';
import { ClusterNodes } from '../cluster/cluster-nodes.js';
import { DrainedNodes } from '../cluster/drained-nodes.js';
import { KnownZones } from '../cluster/known-zones.js';
import { Mover } from '../cluster/mover.js';
import { NodeEmptier } from '../cluster/node-emptier.js';
import type { Config } from '../config/settings.js';
import { renewJob } from '../jobs/job.js';
import { SETTLE_REPLICAS } from '../jobs/settle-replicas.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import type { Store } from '../store/store.js';

export interface OpenedCluster {
  nodes: ClusterNodes;
  desk: ClusterDesk;
  away: AwayNodes;
  /** Has the tenant's replicas seen to in the background. */
  settle(tenant: string): Promise<void>;
}

/** The nodes, and the operator's side of what lies on them. */
export async function openCluster(
  config: Pick<Config, 'leaseMs' | 'replaceAfterMs' | 'replicas'>,
  store: Store,
  fleet: ShardFleet,
): Promise<OpenedCluster> {
  const drained = new DrainedNodes(store.records);
  const zones = new KnownZones(store.records);
  await zones.load();
  const nodes = new ClusterNodes(fleet, drained, zones, config);
  const settle = (tenant: string) => renewJob(store.records, SETTLE_REPLICAS, tenant);
  const { replicas } = config;
  const mover = new Mover({ store, settle });
  const emptier = new NodeEmptier({ store, nodes, drained }, mover);
  const desk = new ClusterDesk({ store, nodes, mover, emptier, replicas });
  return { nodes, desk, away: new AwayNodes(nodes, emptier), settle };
}
