import { Mover } from '../../src/cluster/mover.js';
import { PartitionGrower } from '../../src/cluster/partition-grower.js';
import type { ClusterNode } from '../../src/cluster/cluster-nodes.js';
import type { GrowthBounds } from '../../src/placement/growth.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { Placer } from '../../src/placement/placer.js';
import { MemoryPlacements } from './memory-placements.js';
import type { Shop } from './tenant-mix.js';

/** A shard process, where it runs and what fails with it. */
export interface NodeSite {
  node: string;
  host: string;
  zone: string;
}

/** As they are unless an operator sets others. */
const BOUNDS: GrowthBounds = { partitionRows: 100_000, rangeRows: 250_000, maxPartitions: 1_000 };
/** Between two tenants, so long that nodes have told of all that was placed on them. */
const TOLD_AFTER_MS = 60_000;

/**
 * Places shops on nodes as a cluster does, one after the other: the placer gives each its first partition, and growth
 * cuts, halves and moves until all is within its bounds.
 */
export async function placeTenants(
  shops: readonly Shop[],
  sites: readonly NodeSite[],
  replicas: number,
): Promise<MemoryPlacements> {
  const store = new MemoryPlacements();
  const names = sites.map(({ node }) => node);
  let nowMs = 0;
  const loads = new NodeLoads(
    () => store.told(names),
    () => nowMs,
  );
  const nodes = sites.map(clusterNode);
  const cache = new PlacementCache(store, () => nowMs);
  const placer = new Placer(store, cache, {
    ...{ loads, replicas, minShards: sites.length, nodes: async () => nodes },
    ...{ maxPartitions: BOUNDS.maxPartitions, partitionRows: BOUNDS.partitionRows },
  });
  // What is begun ends at once, see `settle` below.
  const nothing = async (): Promise<void> => undefined;
  const grower = new PartitionGrower({
    ...{ store, loads, replicas, bounds: BOUNDS },
    nodes: { all: async () => nodes },
    awaited: { awaitApplied: async () => true },
    mover: new Mover({
      ...{ store, settle: nothing, resume: nothing },
      ...{ audit: { note: nothing }, decisions: { note: nothing } },
    }),
  });
  const { signal } = new AbortController();
  for (const { tenant, categories } of shops) {
    await placer.ensure(tenant, new Map(categories.map((each) => [each.category, each.products])));
    store.fill(tenant, categories);
    do {
      await store.settle(tenant);
      nowMs += TOLD_AFTER_MS;
    } while (await grower.grow(tenant, signal));
  }
  return store;
}

/** As the planner sees it: alive, and nothing said of what it holds. */
export function clusterNode({ node, zone }: NodeSite): ClusterNode {
  return {
    ...{
      node,
      zone,
      domain: `zone ${zone}`,
      isAlive: true,
      isGone: false,
      isDrained: false,
      isReady: true,
    },
    ...{
      rows: 0,
      bytes: 0,
      liveBytes: 0,
      load: undefined,
      partitions: 0,
      tenants: 0,
      capacityBytes: undefined,
    },
  };
}
