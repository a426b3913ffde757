import { OmniError } from '../core/errors.js';
import { MovesOff } from '../placement/move-off.js';
import { NodePools, type Pool } from '../placement/node-pools.js';
import { allPlaced, type Move } from '../placement/reassign.js';
import type { Store } from '../store/store.js';
import { notGone, type ClusterNode, type ClusterNodes } from './cluster-nodes.js';
import type { Dedicator } from './dedicator.js';
import type { DrainedNodes } from './drained-nodes.js';
import type { Mover } from './mover.js';
import { placedFrom } from './placed-pages.js';
import { planOf, type Plan } from './plan.js';

export interface EmptierDeps {
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>;
  nodes: Pick<ClusterNodes, 'all'>;
  drained: Pick<DrainedNodes, 'drain' | 'undrain' | 'isDrained'>;
  /** Who has a node of its own that is not to be used any more gets another one, or those of all. */
  dedicator: Pick<Dedicator, 'assign'>;
  /** Nodes that hold each partition, as far as there are so many. */
  replicas: number;
}

/** What is left on a node. */
export interface Left {
  partitions: number;
  rows: number;
}

/** Moves what lies on a node to others: because an operator says so, or because it is gone. */
export class NodeEmptier {
  constructor(
    private readonly deps: EmptierDeps,
    private readonly mover: Pick<Mover, 'begin'>,
  ) {}

  /** What `drain` would begin. Rejects as it does. */
  async plan(node: string): Promise<Plan> {
    const nodes = await this.deps.nodes.all();
    checkOthers(node, nodes);
    return planOf(await this.off(new Set([node]), nodes), nodes);
  }

  /**
   * From now on nothing is placed on the node, and what is there moves to others. Rejects `not_found`, and
   * `conflict` where no other node could take it.
   */
  async drain(node: string): Promise<{ plan: Plan; left: Left }> {
    const { nodes, drained } = this.deps;
    checkOthers(node, await nodes.all());
    await drained.drain(node);
    const all = await nodes.all();
    try {
      // Another may have been drained in the same moment.
      checkOthers(node, all);
    } catch (error) {
      await drained.undrain(node);
      throw error;
    }
    const moves = await this.off(new Set([node]), await this.reassigned());
    await this.mover.begin(moves, notGone(all), { by: null, what: `drain ${node}` });
    return { plan: planOf(moves, all), left: await this.left(node) };
  }

  /** Partitions may be placed on the node again. What is moving off it goes on doing so. */
  async undrain(node: string): Promise<void> {
    const { nodes, drained } = this.deps;
    if (!(await drained.isDrained(node))) checkKnown(node, await nodes.all());
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
   * Moves what lies on nodes that are drained or gone for good to those that live; of one that is gone neither
   * what is pinned, nor what nobody else can take. Returns how many partitions move.
   */
  async emptyAway(): Promise<number> {
    const nodes = await this.reassigned();
    const drained = nodes.filter(({ isDrained }) => isDrained);
    const gone = nodes.filter(({ isGone, isDrained }) => isGone && !isDrained);
    return (
      (await this.empty(drained, nodes, 'is drained')) + (await this.empty(gone, nodes, 'is gone'))
    );
  }

  private async reassigned(): Promise<ClusterNode[]> {
    await this.deps.dedicator.assign();
    return this.deps.nodes.all();
  }

  private async empty(
    away: readonly ClusterNode[],
    nodes: readonly ClusterNode[],
    state: 'is drained' | 'is gone',
  ): Promise<number> {
    if (away.length === 0) return 0;
    const names = away.map(({ node }) => node);
    const moves = await this.off(new Set(names), nodes, state === 'is drained');
    const why = names.map((name) => `${name} ${state}`).join(', ');
    await this.mover.begin(moves, notGone(nodes), {
      ...{ by: 'auto', what: 'move', why, isRoutine: true },
    });
    return moves.length;
  }

  /** @param isOrdered by an operator: also what is pinned, also where fewer copies are left */
  private async off(
    from: ReadonlySet<string>,
    nodes: readonly ClusterNode[],
    isOrdered = true,
  ): Promise<Move[]> {
    const takers = takersOf(nodes).filter(({ node }) => !from.has(node));
    const pools = new NodePools(takers, this.deps.replicas);
    const domains = new Map(nodes.map(({ node, domain }) => [node, domain]));
    const domainOf = (node: string): string => domains.get(node) ?? node;
    const may = { mayShrink: isOrdered, withPinned: isOrdered };
    const byPool = new Map<Pool, MovesOff>();
    for await (const each of allPlaced(this.deps.store)) {
      const pool = pools.of(each.tenant);
      const off = byPool.get(pool) ?? new MovesOff({ from, to: pool.nodes, domainOf, ...may });
      byPool.set(pool, off);
      off.add(each);
    }
    return [...byPool.values()].flatMap((off) => off.moves());
  }
}

/** Those that may be given what others let go. */
function takersOf(nodes: readonly ClusterNode[]): ClusterNode[] {
  return nodes.filter(({ isAlive, isDrained }) => isAlive && !isDrained);
}

/** Throws `not_found` for an unknown node, `conflict` where no other could take what it holds. */
function checkOthers(name: string, nodes: readonly ClusterNode[]): void {
  checkKnown(name, nodes);
  if (takersOf(nodes).some(({ node }) => node !== name)) return;
  const message = `${name} cannot be drained: there is no other node that lives and is not drained`;
  throw new OmniError('conflict', message, { field: 'name' });
}

function checkKnown(name: string, nodes: readonly ClusterNode[]): void {
  if (nodes.some(({ node }) => node === name)) return;
  throw new OmniError('not_found', `there is no node ${name}`, { field: 'name' });
}
