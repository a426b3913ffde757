import { HASH_END } from '../core/ids.js';
import { namedCategories } from '../store/partition-map.js';
import type { CategoryCount, Partition } from '../store/store.js';

/** What a shard carries of all tenants. */
export interface ShardLoad {
  shard: string;
  rows: number;
  /** Placed on it and still empty: what decides between shards that carry the same. */
  places: number;
}

/** The shard for the next partition: least rows, then fewest places, then the first name. */
export function leastLoaded(loads: readonly ShardLoad[]): ShardLoad {
  const best = loads.reduce<ShardLoad | undefined>((least, load) => {
    if (least === undefined) return load;
    const order = load.rows - least.rows || load.places - least.places;
    return order < 0 || (order === 0 && load.shard < least.shard) ? load : least;
  }, undefined);
  if (best === undefined) throw new Error('a cluster has at least one shard');
  return best;
}

/** Rows of each partition, as far as counts of categories tell: a range has its part of each. */
export function partitionRows(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
): number[] {
  const products = new Map(counts.map((count) => [count.category, count.products]));
  const named = partitions.flatMap(namedCategories);
  const rest = new Map(products);
  for (const category of named) rest.delete(category);
  const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
  return partitions.map((partition) => {
    const rows =
      partition.categories === 'rest'
        ? sum(rest.values())
        : sum(partition.categories.map((category) => products.get(category) ?? 0));
    return Math.round((rows * (partition.to - partition.from)) / HASH_END);
  });
}

/** A partition as balancing sees it. */
export interface Piece {
  /** Whatever tells it from others. */
  key: string;
  shard: string;
  rows: number;
}

/** How far a shard may be from the mean before anything moves. */
const TOLERANCE = 0.05;

/**
 * Where pieces should move so that `shards` carry about the same: those of shards that are not there
 * any more, then as few rows as it takes. A shard that is new is filled from all others, so that
 * growing from n to n + 1 moves a part of 1 / (n + 1). Returns the new shard by key.
 */
export function rebalance(
  shards: readonly string[],
  pieces: readonly Piece[],
): ReadonlyMap<string, string> {
  const loads = new Map(shards.map((shard) => [shard, new ShardPieces(shard)]));
  const homeless: Piece[] = [];
  for (const piece of pieces) {
    const load = loads.get(piece.shard);
    if (load === undefined) homeless.push(piece);
    else load.add(piece);
  }
  const all = [...loads.values()];
  const moved = new Map<string, string>();
  const move = (piece: Piece, to: ShardPieces): void => {
    to.add(piece);
    moved.set(piece.key, to.shard);
  };
  for (const piece of homeless.sort(largestFirst)) move(piece, least(all));

  const mean = all.reduce((sum, { rows }) => sum + rows, 0) / all.length;
  for (const load of all) load.sort();
  for (;;) {
    const [from, to] = [most(all), least(all)];
    if (from.rows <= mean * (1 + TOLERANCE) && to.rows >= mean * (1 - TOLERANCE)) break;
    const piece = from.take(from.rows - to.rows);
    if (piece === undefined) break;
    move(piece, to);
  }
  return moved;
}

/** The pieces of one shard. */
class ShardPieces {
  rows = 0;
  count = 0;
  private pieces: Piece[] = [];

  constructor(readonly shard: string) {}

  add(piece: Piece): void {
    this.rows += piece.rows;
    this.count += 1;
    this.pieces.push(piece);
  }

  sort(): void {
    this.pieces.sort(largestFirst);
  }

  /** Removes the piece that brings a shard which carries `gap` less closest to this one. */
  take(gap: number): Piece | undefined {
    let best: Piece | undefined;
    const missed = ({ rows }: Piece): number => Math.abs(rows - gap / 2);
    for (const piece of this.pieces) {
      // All of the gap or more would only change which of the two has too much.
      if (piece.rows === 0 || piece.rows >= gap) continue;
      if (best === undefined || missed(piece) < missed(best)) best = piece;
      if (piece.rows <= gap / 2) break;
    }
    if (best === undefined) return undefined;
    this.pieces.splice(this.pieces.indexOf(best), 1);
    this.rows -= best.rows;
    this.count -= 1;
    return best;
  }
}

function least(loads: readonly ShardPieces[]): ShardPieces {
  return extreme(loads, (a, b) => a.rows - b.rows || a.count - b.count);
}

function most(loads: readonly ShardPieces[]): ShardPieces {
  return extreme(loads, (a, b) => b.rows - a.rows);
}

function extreme(
  loads: readonly ShardPieces[],
  order: (a: ShardPieces, b: ShardPieces) => number,
): ShardPieces {
  const [first, ...others] = loads;
  if (first === undefined) throw new Error('a cluster has at least one shard');
  return others.reduce((best, load) => (order(load, best) < 0 ? load : best), first);
}

function largestFirst(a: Piece, b: Piece): number {
  return b.rows - a.rows || (a.key < b.key ? -1 : 1);
}
