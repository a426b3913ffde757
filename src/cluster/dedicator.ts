import { partitionRows } from '../placement/balance.js';
import { dedicate, type Dedicated, type Wish } from '../placement/dedicate.js';
import type { NodeLoads } from '../placement/node-loads.js';
import { NodePools } from '../placement/node-pools.js';
import { allPlaced, liesOn, planMoves, type Move } from '../placement/reassign.js';
import { isSettled } from '../placement/replica-steps.js';
import type { Partition, Store } from '../store/store.js';
import { notGone, placeable, type ClusterNode, type ClusterNodes } from './cluster-nodes.js';
import type { DedicatedNodes, Dedication } from './dedicated-nodes.js';
import type { Mover } from './mover.js';
import { Places } from './places.js';
import { Strangers } from './strangers.js';

/** As whom, and as what, the audit has what is moved. */
const ORDER = { by: 'auto', what: 'dedicate', why: 'plans with nodes of their own' };

interface Deps {
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>;
  nodes: Pick<ClusterNodes, 'all'>;
  dedicated: Pick<DedicatedNodes, 'all' | 'assign' | 'spread'>;
  mover: Pick<Mover, 'begin' | 'change'>;
  loads: Pick<NodeLoads, 'now' | 'placed'>;
  /** Tenants that are to have nodes of their own, as their plans say now. */
  wishes: () => Promise<readonly Wish[]>;
  /** Nodes that hold each partition, as far as there are so many. */
  replicas: number;
}

/**
 * Gives tenants nodes of their own as their plans say, and has what lies there follow: first all others leave them, but
 * for what is pinned there, then the tenant comes; one that has none any more is spread over those of all. What is to be
 * done is told by who owns what and by what lies where: any process goes on with what another began.
 */
export class Dedicator {
  constructor(private readonly deps: Deps) {}

  /** Whose nodes are whose from now on. Moves nothing. */
  async assign(): Promise<Dedication> {
    const { dedicated, nodes, wishes: wished, replicas } = this.deps;
    const wishes = await wished();
    const now = await dedicated.all();
    if (wishes.length === 0 && now.owners.size === 0 && now.missing.size === 0) return now;
    const open = placeable(await nodes.all());
    const fit = (of: Dedicated, strain: (node: string, tenant: string) => number): Dedicated =>
      dedicate({ wishes, nodes: open, owners: of.owners, replicas, strain });
    // What lies where matters only to who gets a node.
    const rough = fit(now, () => 0);
    const isSame = [...rough.owners].every(([node, owner]) => now.owners.get(node) === owner);
    if (isSame) return dedicated.assign((stored) => fit(stored, () => 0));
    const strain = await this.strain();
    return dedicated.assign((stored) => fit(stored, strain));
  }

  /** Takes the steps that are due; whether anything is under way, so that the next ones are due soon. */
  async step(): Promise<boolean> {
    const { owners, freed } = await this.assign();
    if (owners.size === 0 && freed.length === 0) return false;
    const nodes = await this.deps.nodes.all();
    const tenants = [...new Set(owners.values())];
    const placements = new Map<string, readonly Partition[]>();
    for (const tenant of tenants) {
      placements.set(tenant, (await this.deps.store.placement(tenant)).partitions);
    }
    const mixed = nodes.filter((each) => strangersOn(each, placements) > 0);
    const strangers = new Strangers(mixed, nodes, this.deps.replicas);
    if (mixed.length > 0) await strangers.look(this.deps.store);
    const moves = strangers.moves();
    await this.begin(moves, nodes);
    let isUnderWay = moves.length > 0 || strangers.areLeaving;
    const isEmptied = (each: ClusterNode): boolean =>
      strangers.willLeave(each.node, strangersOn(each, placements));
    const waiting = new Set(mixed.filter(isEmptied).map(({ owner }) => owner));
    for (const tenant of tenants) {
      const partitions = placements.get(tenant) ?? [];
      if (await this.bringIn(tenant, partitions, nodes, waiting.has(tenant))) isUnderWay = true;
    }
    for (const tenant of freed) await this.spread(tenant, nodes);
    return isUnderWay;
  }

  /** How much of others lies where; what is pinned stays there. */
  private async strain(): Promise<(node: string, tenant: string) => number> {
    const byNode = new Map<string, Map<string, number>>();
    for await (const { tenant, partition, rows } of allPlaced(this.deps.store)) {
      for (const { node } of partition.replicas) {
        const held = byNode.get(node) ?? new Map<string, number>();
        byNode.set(node, held);
        const more = partition.isPinned === true ? Infinity : rows;
        held.set(tenant, (held.get(tenant) ?? 0) + more);
      }
    }
    return (node, tenant) => {
      let rows = 0;
      for (const [other, more] of byNode.get(node) ?? []) if (other !== tenant) rows += more;
      return rows;
    };
  }

  /** A tenant comes to its nodes, and is spread over them; whether any of it is on its way, or waits to be. */
  private async bringIn(
    tenant: string,
    partitions: readonly Partition[],
    nodes: readonly ClusterNode[],
    mustWait: boolean,
  ): Promise<boolean> {
    const { store, replicas } = this.deps;
    const pools = new NodePools(placeable(nodes), replicas);
    const poolOf = (of: string) => pools.of(of);
    if (await liesOn(store, poolOf, replicas, [tenant])) return !isSettled(partitions);
    if (mustWait) return true;
    const moves = await planMoves(store, poolOf, [tenant]);
    await this.begin(moves, nodes);
    return moves.length > 0;
  }

  /** A tenant that has no nodes any more goes to where its partitions would be placed now, the largest first. */
  private async spread(tenant: string, nodes: readonly ClusterNode[]): Promise<void> {
    const { store, mover, loads, dedicated, replicas } = this.deps;
    const counts = await store.categories(tenant);
    let places: Places | undefined;
    await mover.change(
      tenant,
      (partitions, counter) => {
        const now = new Places(loads.now(), nodes, replicas, tenant);
        places = now;
        const rows = partitionRows(partitions, counts);
        const sized = partitions.map((partition, i) => ({ partition, i, rows: rows[i] ?? 0 }));
        const next = [...partitions];
        for (const { partition, i, rows: of } of sized.sort((a, b) => b.rows - a.rows)) {
          next[i] = now.spread(partition, of, counter);
        }
        return next;
      },
      ORDER,
    );
    for (const { nodes: to, rows } of places?.moved ?? []) {
      for (const node of to) loads.placed(node, rows);
    }
    await dedicated.spread(tenant);
  }

  private async begin(moves: readonly Move[], nodes: readonly ClusterNode[]): Promise<void> {
    if (moves.length > 0) await this.deps.mover.begin(moves, notGone(nodes), ORDER);
  }
}

/** Of how many others a node that is one tenant's alone says that it holds anything. */
function strangersOn(
  { node, owner, isAlive, tenants }: ClusterNode,
  placements: ReadonlyMap<string, readonly Partition[]>,
): number {
  if (owner === undefined || !isAlive) return 0;
  const own = placements.get(owner) ?? [];
  const isHere = own.some(({ replicas }) => replicas.some((each) => each.node === node));
  return tenants - Number(isHere);
}
