import type { Partition, Replica, Store } from '../store/store.js';
import { staying } from './replica-steps.js';
import { partitionRows, placeOf, rebalance, type Piece } from './balance.js';
import type { Pool } from './node-pools.js';
import { tenantsInTurns } from './tenants-in-turns.js';

const MAX_ATTEMPTS = 10;

/** A partition that is to be on other nodes. */
export interface Move {
  tenant: string;
  partition: Partition;
  rows: number;
  /** The nodes that it is to be on. */
  to: readonly string[];
}

/** Where a tenant's partitions may lie; the same object for tenants that lie among each other. */
export type PoolOf = (tenant: string) => Pool;

/**
 * What has to move so that the placement fits the sets of nodes of each pool over all its tenants: partitions that are
 * on other nodes, and, where a set carries less than the others, as few as it takes. What is pinned stays.
 * @param tenants these alone; absent: all
 */
export async function planMoves(
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>,
  poolOf: PoolOf,
  tenants?: readonly string[],
): Promise<Move[]> {
  const byPool = new Map<Pool, (Piece & Omit<Move, 'to'>)[]>();
  for await (const placed of allPlaced(store, tenants)) {
    const { tenant, partition } = placed;
    if (partition.isPinned === true) continue;
    const [key, place] = [`${tenant}/${partition.id}`, placeOf(nodesOf(partition.replicas))];
    const pool = poolOf(tenant);
    const pieces = byPool.get(pool);
    if (pieces === undefined) byPool.set(pool, [{ key, place, ...placed }]);
    else pieces.push({ key, place, ...placed });
  }
  return [...byPool].flatMap(([{ sets }, pieces]) => {
    const places = new Map(sets.map((set) => [placeOf(set), set]));
    const moved = rebalance([...places.keys()], pieces);
    return pieces.flatMap(({ key, tenant, partition, rows }) => {
      const to = places.get(moved.get(key) ?? '');
      return to === undefined ? [] : [{ tenant, partition, rows, to }];
    });
  });
}

/** All partitions of all tenants, or of some, with their rows. */
export async function* allPlaced(
  store: Pick<Store, 'tenants' | 'placement' | 'categories'>,
  tenants?: readonly string[],
): AsyncGenerator<Omit<Move, 'to'>> {
  for await (const tenant of tenants ?? tenantsInTurns(store)) {
    const { partitions } = await store.placement(tenant);
    if (partitions.length === 0) continue;
    const rows = partitionRows(partitions, await store.categories(tenant));
    for (const [i, partition] of partitions.entries()) {
      yield { tenant, partition, rows: rows[i] ?? 0 };
    }
  }
}

/**
 * Whether all lies on the nodes of its pool, in so many copies, and each of them holds something as far as there is so
 * much: then nothing has to move at a start, and what an operator moved stays. Keeps nothing of the placements, which
 * of many tenants fill the heap. @param tenants these alone; absent: all
 */
export async function liesOn(
  store: Pick<Store, 'tenants' | 'placement'>,
  poolOf: PoolOf,
  replicas: number,
  tenants?: readonly string[],
): Promise<boolean> {
  const uses = new Map<Pool, PoolUse>();
  for await (const tenant of tenants ?? tenantsInTurns(store)) {
    const pool = poolOf(tenant);
    const use = uses.get(pool) ?? new PoolUse(pool, replicas);
    uses.set(pool, use);
    const { partitions } = await store.placement(tenant);
    if (!partitions.every((partition) => use.fits(partition))) return false;
  }
  return [...uses.values()].every((use) => use.isWhole);
}

/** What of a pool's nodes is used. */
class PoolUse {
  private readonly there: ReadonlySet<string>;
  private readonly copies: number;
  private readonly used = new Set<string>();
  private count = 0;

  constructor({ nodes }: Pool, replicas: number) {
    this.there = new Set(nodes.map(({ node }) => node));
    this.copies = Math.min(replicas, this.there.size);
  }

  /** Whether a partition lies on it as it is to; what is pinned is right wherever it is. */
  fits({ replicas, isPinned }: Partition): boolean {
    const on = nodesOf(replicas);
    const fits = on.length === this.copies && on.every((node) => this.there.has(node));
    if (!fits && isPinned !== true) return false;
    for (const node of on) this.used.add(node);
    this.count += this.copies;
    return true;
  }

  get isWhole(): boolean {
    return this.used.size >= Math.min(this.there.size, this.count);
  }
}

/**
 * Begins `moves`, each tenant's in one change: further replicas are built, and those in whose place they
 * come stay until they are whole. `alive`: nodes that still have what they hold. Returns the tenants of
 * which anything moves; their replicas are to be settled.
 */
export async function beginMoves(
  store: Pick<Store, 'placement' | 'replacePlacement'>,
  moves: readonly Move[],
  alive: ReadonlySet<string>,
): Promise<string[]> {
  const tenants = new Set(moves.map(({ tenant }) => tenant));
  const moved: string[] = [];
  for (const tenant of tenants) {
    const own = moves.filter((move) => move.tenant === tenant);
    const to = new Map(own.map((move) => [move.partition.id, move.to]));
    if (await moveAll(store, tenant, to, alive)) moved.push(tenant);
  }
  return moved;
}

async function moveAll(
  store: Pick<Store, 'placement' | 'replacePlacement'>,
  tenant: string,
  to: ReadonlyMap<string, readonly string[]>,
  alive: ReadonlySet<string>,
): Promise<boolean> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { partitions, counter } = await store.placement(tenant);
    const next = partitions.map((partition) => {
      const nodes = to.get(partition.id);
      if (nodes === undefined) return partition;
      return { ...partition, replicas: movedTo(nodes, partition.replicas, alive, counter + 1) };
    });
    if (next.every((partition, i) => partition === partitions[i])) return false;
    if (await store.replacePlacement(tenant, next, counter)) return true;
  }
  return false;
}

/**
 * The replicas of a partition that is to be on `nodes`: those that are there stay as they are, the others
 * are built, and what is elsewhere leaves, but for nodes that are not `alive`, which are left out at once. `since`
 * is the counter of the placement that will say so.
 */
export function movedTo(
  nodes: readonly string[],
  replicas: readonly Replica[],
  alive: ReadonlySet<string>,
  since: number,
): Replica[] {
  const held = new Map(replicas.map((replica) => [replica.node, replica]));
  const wanted = nodes.map((node): Replica => {
    const replica = held.get(node);
    if (replica === undefined) return { node, state: 'building', since };
    return staying(replica);
  });
  const leaving = replicas.flatMap((replica): Replica[] => {
    if (nodes.includes(replica.node) || !alive.has(replica.node)) return [];
    return replica.state === 'building' ? [] : [{ ...replica, state: 'leaving' }];
  });
  return [...wanted, ...leaving];
}

/** The nodes that a partition is to be on. */
export function nodesOf(replicas: readonly Replica[]): string[] {
  return replicas.filter(({ state }) => state !== 'leaving').map(({ node }) => node);
}
