import { invalidField } from '../core/errors.js';
import { partitionRows } from '../placement/balance.js';
import type { Placed } from '../placement/move-off.js';
import { NodePools } from '../placement/node-pools.js';
import { movedTo, nodesOf, planMoves, type Move } from '../placement/reassign.js';
import type { Partition, Store } from '../store/store.js';
import { chosenPartitions, type PartitionChoice } from './choose-partitions.js';
import { notGone, placeable, type ClusterNode, type ClusterNodes } from './cluster-nodes.js';
import type { Advice, Advisor } from './advisor.js';
import { rehearse, type ChangePlacement, type Mover } from './mover.js';
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
  advisor: Advisor;
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

/** What came of a change, or would come of it. */
export interface ChangedPartitions {
  partitions: ClusterPartition[];
  /** What these were, or are made of. */
  before: ClusterPartition[];
  /** What moves by it. */
  plan: Plan;
}

/** How a change is asked for. */
export interface ChangeOptions {
  /** Nothing is changed. */
  isDryRun: boolean;
}

const NOW: ChangeOptions = { isDryRun: false };

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
    await this.deps.mover.begin(moves, notGone(nodes), { by: null, what: 'apply' });
    return planOf(moves, nodes);
  }

  /** What would relieve nodes that are too full or too busy. */
  advice(): Promise<Advice[]> {
    return this.deps.advisor.all();
  }

  /** Has a partition, or those of a category, lie on the nodes `to`. */
  async move(
    choice: PartitionChoice,
    to: readonly string[],
    options: ChangeOptions = NOW,
  ): Promise<ChangedPartitions> {
    const nodes = await this.deps.nodes.all();
    checkNodes(to, nodes, choice.tenant);
    const alive = notGone(nodes);
    return this.change('move', choice, options, (partition, nextCounter) => {
      const replicas = movedTo(to, partition.replicas, alive, nextCounter);
      return isSame(replicas, partition.replicas) ? partition : { ...partition, replicas };
    });
  }

  /** From now on a partition, or those of a category, stay where they are whatever is planned; or not any more. */
  async pin(
    choice: PartitionChoice,
    isPinned: boolean,
    options: ChangeOptions = NOW,
  ): Promise<ChangedPartitions> {
    return this.change(isPinned ? 'pin' : 'unpin', choice, options, (partition) => {
      if ((partition.isPinned === true) === isPinned) return partition;
      const changed: Partition = { ...partition };
      if (isPinned) changed.isPinned = true;
      else delete changed.isPinned;
      return changed;
    });
  }

  /** As `Reshaper` does. */
  split(choice: PartitionChoice, options = NOW): Promise<ChangedPartitions> {
    const { reshaper } = this.deps;
    return this.changing('split', choice.tenant, options, (by) => reshaper.split(choice, by));
  }

  /** As `Reshaper` does; more than one partition comes of it where it is to be asked for again. */
  merge(choice: PartitionChoice, options = NOW): Promise<ChangedPartitions> {
    const { reshaper } = this.deps;
    return this.changing('merge', choice.tenant, options, (by) => reshaper.merge(choice, by));
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
    const open = placeable(nodes);
    const pools = new NodePools(open, replicas);
    return open.length === 0 ? Promise.resolve([]) : planMoves(store, (tenant) => pools.of(tenant));
  }

  private change(
    what: string,
    choice: PartitionChoice,
    options: ChangeOptions,
    to: (partition: Partition, nextCounter: number) => Partition,
  ): Promise<ChangedPartitions> {
    return this.changing(what, choice.tenant, options, async (by) => {
      let chosen: ReadonlySet<string> = new Set();
      const all = await by(choice.tenant, (partitions, nextCounter) => {
        chosen = chosenPartitions(partitions, choice);
        return partitions.map((partition) =>
          chosen.has(partition.id) ? to(partition, nextCounter) : partition,
        );
      });
      return { all, of: all.filter(({ id }) => chosen.has(id)) };
    });
  }

  private async changing(
    what: string,
    tenant: string,
    { isDryRun }: ChangeOptions,
    work: (by: ChangePlacement) => Promise<Reshaped>,
  ): Promise<ChangedPartitions> {
    const { store, mover, nodes } = this.deps;
    let before: readonly Partition[] = [];
    const { all, of } = await work((_, to) => {
      const seen: typeof to = (partitions, nextCounter) => {
        before = partitions;
        return to(partitions, nextCounter);
      };
      return isDryRun
        ? rehearse(store, tenant, seen)
        : mover.change(tenant, seen, { by: null, what });
    });
    const [kept, changed] = [new Set(all), new Set(of)];
    const counts = await store.categories(tenant);
    const sized = (partitions: readonly Partition[]): ClusterPartition[] => {
      const rows = partitionRows(partitions, counts);
      return partitions.map((partition, i) => ({ tenant, partition, rows: rows[i] ?? 0 }));
    };
    const was = sized(before).filter(
      ({ partition }) => !kept.has(partition) || changed.has(partition),
    );
    return {
      partitions: sized(all).filter(({ partition }) => changed.has(partition)),
      before: was,
      plan: planOf(movesTo(was, all), await nodes.all()),
    };
  }
}

/** Of partitions that are to be on other nodes: where. */
function movesTo(before: readonly ClusterPartition[], after: readonly Partition[]): Move[] {
  const byId = new Map(after.map((each) => [each.id, each]));
  return before.flatMap((placed): Move[] => {
    const to = nodesOf(byId.get(placed.partition.id)?.replicas ?? placed.partition.replicas);
    const from = nodesOf(placed.partition.replicas);
    const isSamePlace = to.length === from.length && to.every((node) => from.includes(node));
    return isSamePlace ? [] : [{ ...placed, to }];
  });
}

/** Throws `invalid_field` for what no partition of the tenant can lie on. */
function checkNodes(to: readonly string[], nodes: readonly ClusterNode[], tenant: string): void {
  if (to.length === 0) throw invalidField('to', 'must name at least one node');
  for (const [i, name] of to.entries()) {
    const node = nodes.find((each) => each.node === name);
    if (node === undefined) {
      const names = nodes.map((each) => each.node).join(', ');
      throw invalidField(`to[${i}]`, `must be the name of a node (${names}), got ${name}`);
    }
    if (node.isDrained) throw invalidField(`to[${i}]`, `must not be drained: ${name} is`);
    if (node.owner !== undefined && node.owner !== tenant) {
      throw invalidField(`to[${i}]`, `must not be one of another tenant alone: ${name} is`);
    }
    if (to.indexOf(name) < i) throw invalidField(`to[${i}]`, `must not be named twice: ${name} is`);
  }
}

function isSame(a: Partition['replicas'], b: Partition['replicas']): boolean {
  const text = (replicas: typeof a): string =>
    replicas.map(({ node, state }) => `${node} ${state}`).join();
  return text(a) === text(b);
}
