import { invalidField, OmniError } from '../core/errors.js';
import { partitionRows } from '../placement/balance.js';
import { movesOff, type Placed } from '../placement/move-off.js';
import { nodeSets } from '../placement/node-sets.js';
import { allPlaced, movedTo, planMoves, type Move } from '../placement/reassign.js';
import type { Partition, Store } from '../store/store.js';
import { chosenPartitions, type PartitionChoice } from './choose-partitions.js';
import { notGone, placeable, type ClusterNode, type ClusterNodes } from './cluster-nodes.js';
import type { DrainedNodes } from './drained-nodes.js';
import { Mover, type MoverDeps } from './mover.js';
import { placedFrom, type PlacedQuery } from './placed-pages.js';
import { planOf, type Plan } from './plan.js';

interface Deps {
  store: Pick<Store, 'tenants' | 'placement' | 'categories' | 'replacePlacement'>;
  nodes: ClusterNodes;
  drained: DrainedNodes;
  settle: MoverDeps['settle'];
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

/** What is left on a node. */
export interface Left {
  partitions: number;
  rows: number;
}

/** The operator's side of placement: to see it, and to change it. What is begun here, the background work ends. */
export class ClusterDesk {
  private readonly mover: Mover;

  constructor(private readonly deps: Deps) {
    this.mover = new Mover(deps);
  }

  async show({ limit, ...query }: PlacedQuery & { limit: number }): Promise<ClusterView> {
    const partitions: Placed[] = [];
    for await (const placed of placedFrom(this.deps.store, query)) {
      if (partitions.push(placed) >= limit) break;
    }
    return { nodes: await this.deps.nodes.all(), partitions };
  }

  /** What has to move for the cluster to fit its nodes; with `drain`, for that node to be empty. */
  async plan(drain?: string): Promise<Plan> {
    const nodes = await this.deps.nodes.all();
    if (drain === undefined) return planOf(await this.fitting(nodes), nodes);
    this.othersThan(drain, nodes);
    return planOf(await this.off(new Set([drain]), nodes), nodes);
  }

  /** Begins what `plan` says. */
  async apply(): Promise<Plan> {
    const nodes = await this.deps.nodes.all();
    const moves = await this.fitting(nodes);
    await this.mover.begin(moves, notGone(nodes));
    return planOf(moves, nodes);
  }

  /** Has a partition, or those of a category, lie on the nodes `to`. Returns what they are now. */
  async move(choice: PartitionChoice, to: readonly string[]): Promise<ClusterPartition[]> {
    const nodes = await this.deps.nodes.all();
    checkNodes(to, nodes);
    const alive = notGone(nodes);
    return this.change(choice, (partition) => {
      const replicas = movedTo(to, partition.replicas, alive);
      return isSame(replicas, partition.replicas) ? partition : { ...partition, replicas };
    });
  }

  /** From now on a partition, or those of a category, stay where they are whatever is planned; or not any more. */
  async pin(choice: PartitionChoice, isPinned: boolean): Promise<ClusterPartition[]> {
    return this.change(choice, (partition) => {
      if ((partition.isPinned === true) === isPinned) return partition;
      const { isPinned: _, ...free } = partition;
      return isPinned ? { ...free, isPinned } : free;
    });
  }

  /**
   * From now on nothing is placed on the node, and what is there moves to others. Rejects `not_found`, and
   * `conflict` where no other node could take it.
   */
  async drain(node: string): Promise<{ plan: Plan; left: Left }> {
    const { nodes, drained } = this.deps;
    this.othersThan(node, await nodes.all());
    await drained.drain(node);
    const all = await nodes.all();
    try {
      // Another may have been drained in the same moment.
      this.othersThan(node, all);
    } catch (error) {
      await drained.undrain(node);
      throw error;
    }
    const moves = await this.off(new Set([node]), all);
    await this.mover.begin(moves, notGone(all));
    return { plan: planOf(moves, all), left: await this.left(node) };
  }

  /** Partitions may be placed on the node again. What is moving off it goes on doing so. */
  async undrain(node: string): Promise<void> {
    const { nodes, drained } = this.deps;
    if (!(await drained.isDrained(node))) known(node, await nodes.all());
    await drained.undrain(node);
  }

  async left(node: string): Promise<Left> {
    const left: Left = { partitions: 0, rows: 0 };
    for await (const { rows } of placedFrom(this.deps.store, { node })) {
      left.partitions += 1;
      left.rows += rows;
    }
    return left;
  }

  /**
   * Moves what lies on nodes that are drained or gone for good to those that live; what is pinned stays on
   * one that is gone. Returns how many partitions move.
   */
  async moveOffAway(): Promise<number> {
    const nodes = await this.deps.nodes.all();
    const drained = namesOf(nodes.filter(({ isDrained }) => isDrained));
    const gone = namesOf(nodes.filter(({ isGone, isDrained }) => isGone && !isDrained));
    let moved = 0;
    for (const [from, isOrdered] of [
      [drained, true],
      [gone, false],
    ] as const) {
      if (from.size === 0) continue;
      const moves = await this.off(from, nodes, isOrdered);
      await this.mover.begin(moves, notGone(nodes));
      moved += moves.length;
    }
    return moved;
  }

  private fitting(nodes: readonly ClusterNode[]): Promise<Move[]> {
    const { store, replicas } = this.deps;
    const sets = nodeSets(placeable(nodes), replicas);
    return sets.length === 0 ? Promise.resolve([]) : planMoves(store, sets);
  }

  /** @param isOrdered by an operator: also what is pinned, also where fewer copies are left */
  private async off(
    from: ReadonlySet<string>,
    nodes: readonly ClusterNode[],
    isOrdered = true,
  ): Promise<Move[]> {
    const placed: Placed[] = [];
    for await (const each of allPlaced(this.deps.store)) placed.push(each);
    const domains = new Map(nodes.map(({ node, domain }) => [node, domain]));
    return movesOff(placed, {
      from,
      to: takersOf(nodes).filter(({ node }) => !from.has(node)),
      domainOf: (node) => domains.get(node) ?? node,
      mayShrink: isOrdered,
      withPinned: isOrdered,
    });
  }

  /** Throws `not_found` for an unknown node, `conflict` where there is no other that lives and is not drained. */
  private othersThan(name: string, nodes: readonly ClusterNode[]): void {
    known(name, nodes);
    if (takersOf(nodes).some(({ node }) => node !== name)) return;
    const message = `${name} cannot be drained: no other node lives that could take what it holds`;
    throw new OmniError('conflict', message, { field: 'name' });
  }

  private async change(
    choice: PartitionChoice,
    to: (partition: Partition) => Partition,
  ): Promise<ClusterPartition[]> {
    const { tenant } = choice;
    let chosen: ReadonlySet<string> = new Set();
    const partitions = await this.mover.change(tenant, (all) => {
      chosen = chosenPartitions(all, choice);
      return all.map((partition) => (chosen.has(partition.id) ? to(partition) : partition));
    });
    const rows = partitionRows(partitions, await this.deps.store.categories(tenant));
    return partitions.flatMap((partition, i) =>
      chosen.has(partition.id) ? [{ tenant, partition, rows: rows[i] ?? 0 }] : [],
    );
  }
}

/** Those that may be given what others let go. */
function takersOf(nodes: readonly ClusterNode[]): ClusterNode[] {
  return nodes.filter(({ isAlive, isDrained }) => isAlive && !isDrained);
}

function namesOf(nodes: readonly ClusterNode[]): ReadonlySet<string> {
  return new Set(nodes.map(({ node }) => node));
}

function known(name: string, nodes: readonly ClusterNode[]): void {
  if (nodes.some(({ node }) => node === name)) return;
  throw new OmniError('not_found', `there is no node ${name}`, { field: 'name' });
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
  return a.length === b.length && a.every((replica, i) => replica === b[i]);
}
