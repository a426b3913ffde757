import { leastLoaded, placeOf, type NodeLoad } from '../placement/balance.js';
import { NodePools, type Pool } from '../placement/node-pools.js';
import { movedTo, nodesOf } from '../placement/reassign.js';
import type { Partition } from '../store/store.js';
import { notGone, placeable, type ClusterNode } from './cluster-nodes.js';

/** Rows that are on the way to some nodes. */
export interface PlacedRows {
  nodes: readonly string[];
  rows: number;
}

/** Where a tenant's partitions may be placed, and how much lies there. */
export class Places {
  readonly moved: PlacedRows[] = [];
  private readonly loads: Map<string, NodeLoad>;
  private readonly sets: Pool['sets'];
  private readonly alive: ReadonlySet<string>;

  constructor(
    loads: readonly NodeLoad[],
    nodes: readonly ClusterNode[],
    replicas: number,
    tenant: string,
  ) {
    this.loads = new Map(loads.map((load) => [load.node, { ...load }]));
    this.sets = new NodePools(placeable(nodes), replicas).of(tenant).sets;
    this.alive = notGone(nodes);
  }

  /** The partition where a new one would be placed, its rows on the way there. */
  spread(partition: Partition, rows: number, counter: number): Partition {
    if (this.sets.length === 0 || partition.isPinned === true) return partition;
    const own = nodesOf(partition.replicas);
    this.add(own, -rows);
    const best = leastLoaded(this.sets, this.loads);
    const isBetter = this.meanOf(best) < this.meanOf(own);
    const isHere = this.sets.some((set) => placeOf(set) === placeOf(own));
    const to = isBetter || !isHere ? best : own;
    this.add(to, rows);
    if (to === own) return partition;
    this.moved.push({ nodes: to, rows });
    return this.moving(partition, to, counter);
  }

  moving(partition: Partition, to: readonly string[], counter: number): Partition {
    return { ...partition, replicas: movedTo(to, partition.replicas, this.alive, counter) };
  }

  private add(nodes: readonly string[], rows: number): void {
    for (const node of nodes) {
      const load = this.loads.get(node);
      if (load !== undefined) load.rows += rows;
    }
  }

  private meanOf(nodes: readonly string[]): number {
    return nodes.reduce((sum, node) => sum + (this.loads.get(node)?.rows ?? 0), 0) / nodes.length;
  }
}
