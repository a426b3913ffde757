import { partitionRows } from '../placement/balance.js';
import { isAtRest, isReadyFor, nextStep, type GrowthBounds } from '../placement/growth.js';
import type { NodeLoads } from '../placement/node-loads.js';
import { nodesOf } from '../placement/reassign.js';
import { isSettled } from '../placement/replica-steps.js';
import { cutOut, halves, joined } from '../placement/reshape.js';
import type { AwaitedNodes } from '../placement/until-searchable.js';
import { groupOf } from '../store/partition-map.js';
import type { CategoryCount, Partition, Store } from '../store/store.js';
import type { ClusterNode, ClusterNodes } from './cluster-nodes.js';
import type { Mover } from './mover.js';
import { Places, type PlacedRows } from './places.js';

interface Deps {
  store: Pick<Store, 'placement' | 'categories' | 'head'>;
  nodes: Pick<ClusterNodes, 'all'>;
  loads: Pick<NodeLoads, 'now' | 'placed'>;
  awaited: Pick<AwaitedNodes, 'awaitApplied'>;
  mover: Pick<Mover, 'change' | 'resume'>;
  bounds: GrowthBounds;
  /** Nodes that hold each partition, as far as there are so many. */
  replicas: number;
}

const ORDER = { by: 'auto', what: 'growth', why: 'the number of rows', isRoutine: true } as const;
/** How long a node is waited for: it has only to read a placement. */
const WAIT_MS = 5_000;

/**
 * Sees to partitions that are under way, and has a tenant's grow with it, one step at a time: large categories are cut out of its rest, what is
 * still too large is halved by hash, and back. A cut leaves all rows where they are; what is cut out moves from
 * there to where a new partition would be placed.
 */
export class PartitionGrower {
  constructor(private readonly deps: Deps) {}

  /**
   * Takes the next step of a tenant; false: there is none, and nothing is under way. Where something has to end first
   * it is not taken yet.
   */
  async grow(tenant: string, signal: AbortSignal): Promise<boolean> {
    const { store, nodes, bounds, mover } = this.deps;
    const counts = await store.categories(tenant);
    const { partitions } = await store.placement(tenant);
    const isUnderWay = !isSettled(partitions);
    // Who began it may be dead: nobody else would look at it again.
    if (isUnderWay) await mover.resume(tenant);
    if (nextStep(partitions, counts, bounds) === undefined) return isUnderWay;
    const all = await nodes.all();
    if (!(await this.areSeen(tenant, partitions, all, signal))) return true;
    let moved: readonly PlacedRows[] = [];
    const change = (now: readonly Partition[], counter: number): readonly Partition[] => {
      const places = new Places(this.deps.loads.now(), all, this.deps.replicas, tenant);
      const next = stepped(now, counts, bounds, counter, places);
      moved = places.moved;
      return next;
    };
    await mover.change(tenant, change, ORDER);
    for (const { nodes: to, rows } of moved) {
      for (const node of to) this.deps.loads.placed(node, rows);
    }
    return true;
  }

  /**
   * Whether each node that lives has seen what was last cut or joined: one that sleeps or starts knows what came of
   * it only a step at a time, and looks through the feed where it has missed one.
   */
  private async areSeen(
    tenant: string,
    partitions: readonly Partition[],
    nodes: readonly ClusterNode[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const alive = new Set(nodes.flatMap(({ node, isAlive }) => (isAlive ? [node] : [])));
    const made = partitions.filter(({ replicas }) => replicas.some(({ madeOf }) => madeOf));
    const byNode = new Map<string, Partition[]>();
    for (const partition of made) {
      for (const node of groupOf(partition).asked) {
        if (!alive.has(node)) continue;
        byNode.set(node, [...(byNode.get(node) ?? []), partition]);
      }
    }
    if (byNode.size === 0) return true;
    const mark = await this.deps.store.head(tenant);
    const seen = await Promise.all(
      [...byNode].map(([node, own]) =>
        this.deps.awaited.awaitApplied(node, { tenant, mark, partitions: own }, WAIT_MS, signal),
      ),
    );
    signal.throwIfAborted();
    return seen.every(Boolean);
  }
}

/** The partitions after the step that is due, if it can be taken now. */
function stepped(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
  bounds: GrowthBounds,
  counter: number,
  places: Places,
): readonly Partition[] {
  const step = nextStep(partitions, counts, bounds);
  if (step === undefined) return partitions;
  if (step.kind === 'join' && !isReadyFor(step, partitions)) {
    const { stayer, mover } = step;
    if (!isAtRest(stayer) || !isAtRest(mover)) return partitions;
    const to = nodesOf(stayer.replicas);
    return partitions.map((each) => (each === mover ? places.moving(each, to, counter) : each));
  }
  if (!isReadyFor(step, partitions)) return partitions;
  switch (step.kind) {
    case 'cut': {
      const next = cutOut(partitions, step.categories, counter);
      const known = new Set(partitions.map(({ id }) => id));
      const rows = partitionRows(next, counts);
      return next.map((each, i) =>
        known.has(each.id) ? each : places.spread(each, rows[i] ?? 0, counter),
      );
    }
    case 'halve': {
      const [first, second] = halves(step.partition, counter);
      const next = partitions.flatMap((each) =>
        each === step.partition ? [first, second] : [each],
      );
      const rows = partitionRows(next, counts);
      return next.map((each, i) =>
        each === second ? places.spread(each, rows[i] ?? 0, counter) : each,
      );
    }
    case 'join': {
      const one = joined(step.stayer, step.mover, counter);
      return partitions.flatMap((each) =>
        each === step.mover ? [] : [each === step.stayer ? one : each],
      );
    }
  }
}
