import { invalidField } from '../core/errors.js';
import { partitionRows } from '../placement/balance.js';
import type { Placed } from '../placement/move-off.js';
import { nodeSets } from '../placement/node-sets.js';
import { movedTo, planMoves, type Move } from '../placement/reassign.js';
import type { Partition, Store } from '../store/store.js';
import { chosenPartitions, type PartitionChoice } from './choose-partitions.js';
import { notGone, placeable, type ClusterNode, type ClusterNodes } from './cluster-nodes.js';
import type { Mover } from './mover.js';
import type { NodeEmptier } from './node-emptier.js';
import { placedFrom, type PlacedQuery } from './placed-pages.js';
import { planOf, type Plan } from './plan.js';
import type { Reshaped, Reshaper } from './reshaper.js';

interface Deps {
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>;
  nodes: Pick<ClusterNodes, 'all'>;
  mover: Mover;
  emptier: NodeEmptier;
  reshaper: Reshaper;
  /** Nodes that hold each partition, as far as there are so many. */
  replicas: number;
}

/** A partition of a tenant, with its rows. */
export type ClusterPartition = Placed;

export interface ClusterView {
  nodes: ClusterNode[];
  /** At most `limit`. */
  partitions: ClusterPartition[];
}

/** The operator's side of placement: to see it, and to change it. What is begun here, background work ends. */
export class ClusterDesk {
  constructor(private readonly deps: Deps) {}

  async show({ limit, ...query }: PlacedQuery & { limit: number }): Promise<ClusterView> {
    const partitions: ClusterPartition[] = [];
    for await (const placed of placedFrom(this.deps.store, query)) {
      if (partitions.push(placed) >= limit) break;
    }
    return { nodes: await this.deps.nodes.all(), partitions };
  }

  /** What has to move for the cluster to fit its nodes; with `drain`, for that node to be empty. */
  async plan(drain?: string): Promise<Plan> {
    if (drain !== undefined) return this.deps.emptier.plan(drain);
    const nodes = await this.deps.nodes.all();
    return planOf(await this.fitting(nodes), nodes);
  }

  /** Begins what `plan` says. */
  async apply(): Promise<Plan> {
    const nodes = await this.deps.nodes.all();
    const moves = await this.fitting(nodes);
    await this.deps.mover.begin(moves, notGone(nodes));
    return planOf(moves, nodes);
  }

  /** Has a partition, or those of a category, lie on the nodes `to`. Returns what they are now. */
  async move(choice: PartitionChoice, to: readonly string[]): Promise<ClusterPartition[]> {
    const nodes = await this.deps.nodes.all();
    checkNodes(to, nodes);
    const alive = notGone(nodes);
    return this.change(choice, (partition, nextCounter) => {
      const replicas = movedTo(to, partition.replicas, alive, nextCounter);
      return isSame(replicas, partition.replicas) ? partition : { ...partition, replicas };
    });
  }

  /** From now on a partition, or those of a category, stay where they are whatever is planned; or not any more. */
  async pin(choice: PartitionChoice, isPinned: boolean): Promise<ClusterPartition[]> {
    return this.change(choice, (partition) => {
      if ((partition.isPinned === true) === isPinned) return partition;
      const changed: Partition = { ...partition };
      if (isPinned) changed.isPinned = true;
      else delete changed.isPinned;
      return changed;
    });
  }

  /** As `Reshaper` does; returns what came of it. */
  async split(choice: PartitionChoice): Promise<ClusterPartition[]> {
    return this.sized(choice.tenant, await this.deps.reshaper.split(choice));
  }

  /** As `Reshaper` does; returns what came of it, more than one where it is to be asked for again. */
  async merge(choice: PartitionChoice): Promise<ClusterPartition[]> {
    return this.sized(choice.tenant, await this.deps.reshaper.merge(choice));
  }

  /** As `NodeEmptier` does. */
  drain(node: string): ReturnType<NodeEmptier['drain']> {
    return this.deps.emptier.drain(node);
  }

  undrain(node: string): Promise<void> {
    return this.deps.emptier.undrain(node);
  }

  private fitting(nodes: readonly ClusterNode[]): Promise<Move[]> {
    const { store, replicas } = this.deps;
    const sets = nodeSets(placeable(nodes), replicas);
    return sets.length === 0 ? Promise.resolve([]) : planMoves(store, sets);
  }

  private async change(
    choice: PartitionChoice,
    to: (partition: Partition, nextCounter: number) => Partition,
  ): Promise<ClusterPartition[]> {
    const { tenant } = choice;
    let chosen: ReadonlySet<string> = new Set();
    const all = await this.deps.mover.change(tenant, (partitions, nextCounter) => {
      chosen = chosenPartitions(partitions, choice);
      return partitions.map((partition) =>
        chosen.has(partition.id) ? to(partition, nextCounter) : partition,
      );
    });
    return this.sized(tenant, { all, of: all.filter(({ id }) => chosen.has(id)) });
  }

  private async sized(tenant: string, { all, of }: Reshaped): Promise<ClusterPartition[]> {
    const rows = partitionRows(all, await this.deps.store.categories(tenant));
    return all.flatMap((partition, i) =>
      of.includes(partition) ? [{ tenant, partition, rows: rows[i] ?? 0 }] : [],
    );
  }
}

/** Throws `invalid_field` for what no partition can lie on. */
function checkNodes(to: readonly string[], nodes: readonly ClusterNode[]): void {
  if (to.length === 0) throw invalidField('to', 'must name at least one node');
  for (const [i, name] of to.entries()) {
    const node = nodes.find((each) => each.node === name);
    if (node === undefined) {
      const names = nodes.map((each) => each.node).join(', ');
      throw invalidField(`to[${i}]`, `must be the name of a node (${names}), got ${name}`);
    }
    if (node.isDrained) throw invalidField(`to[${i}]`, `must not be drained: ${name} is`);
    if (to.indexOf(name) < i) throw invalidField(`to[${i}]`, `must not be named twice: ${name} is`);
  }
}

function isSame(a: Partition['replicas'], b: Partition['replicas']): boolean {
  const text = (replicas: typeof a): string =>
    replicas.map(({ node, state }) => `${node} ${state}`).join();
  return text(a) === text(b);
}
