import { HASH_END } from '../core/ids.js';
import { namedCategories } from '../store/partition-map.js';
import type { CategoryCount, Partition } from '../store/store.js';

/** What a node carries of all tenants. */
export interface NodeLoad {
  node: string;
  rows: number;
  /** Placed on it and still empty: what decides between nodes that carry the same. */
  places: number;
}

/** The set of nodes for the next partition: least rows a node, then fewest places, then the first one. */
export function leastLoaded(
  sets: readonly (readonly string[])[],
  loads: ReadonlyMap<string, NodeLoad>,
): readonly string[] {
  const mean = (set: readonly string[], of: 'rows' | 'places'): number =>
    set.reduce((sum, node) => sum + (loads.get(node)?.[of] ?? 0), 0) / set.length;
  const best = sets.reduce<readonly string[] | undefined>((least, set) => {
    if (least === undefined) return set;
    const order =
      mean(set, 'rows') - mean(least, 'rows') || mean(set, 'places') - mean(least, 'places');
    return order < 0 ? set : least;
  }, undefined);
  if (best === undefined) throw new Error('a cluster has at least one node');
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
  /** Where it is, see `placeOf`. */
  place: string;
  rows: number;
}

/** The name of a set of nodes as a place for partitions. */
export function placeOf(nodes: readonly string[]): string {
  return [...nodes].sort().join(',');
}

function nodesOf(place: string): string[] {
  return place.split(',');
}

/** How far a place may be from the mean before anything moves. */
const TOLERANCE = 0.05;

/**
 * Where pieces should move so that `places` carry about the same: those of places that are not there
 * any more, to where they have most of their nodes already, then as few rows as it takes. A place that is new is filled from all others, so that
 * growing from n to n + 1 moves a part of 1 / (n + 1). Returns the new place by key.
 */
export function rebalance(
  places: readonly string[],
  pieces: readonly Piece[],
): ReadonlyMap<string, string> {
  const loads = new Map(places.map((place) => [place, new PlacePieces(place)]));
  const homeless: Piece[] = [];
  for (const piece of pieces) {
    const load = loads.get(piece.place);
    if (load === undefined) homeless.push(piece);
    else load.add(piece);
  }
  const all = [...loads.values()];
  const moved = new Map<string, string>();
  const move = (piece: Piece, to: PlacePieces): void => {
    to.add(piece);
    moved.set(piece.key, to.place);
  };
  const mean = pieces.reduce((sum, { rows }) => sum + rows, 0) / all.length;
  for (const piece of homeless.sort(largestFirst)) {
    const fitting = all.filter(({ rows }) => rows + piece.rows <= mean * (1 + TOLERANCE));
    move(piece, fitting.length === 0 ? least(all) : nearest(fitting, piece));
  }
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

/** The pieces of one place. */
class PlacePieces {
  rows = 0;
  count = 0;
  private pieces: Piece[] = [];

  constructor(readonly place: string) {}

  add(piece: Piece): void {
    this.rows += piece.rows;
    this.count += 1;
    this.pieces.push(piece);
  }

  sort(): void {
    this.pieces.sort(largestFirst);
  }

  /** Removes the piece that brings a place which carries `gap` less closest to this one. */
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

/** Which has most of the nodes where the piece is; of those, the one that carries least. */
function nearest(loads: readonly PlacePieces[], { place }: Piece): PlacePieces {
  const held = new Set(nodesOf(place));
  const missing = (load: PlacePieces): number =>
    nodesOf(load.place).filter((node) => !held.has(node)).length;
  return extreme(loads, (a, b) => missing(a) - missing(b) || a.rows - b.rows || a.count - b.count);
}

function least(loads: readonly PlacePieces[]): PlacePieces {
  return extreme(loads, (a, b) => a.rows - b.rows || a.count - b.count);
}

function most(loads: readonly PlacePieces[]): PlacePieces {
  return extreme(loads, (a, b) => b.rows - a.rows);
}

function extreme(
  loads: readonly PlacePieces[],
  order: (a: PlacePieces, b: PlacePieces) => number,
): PlacePieces {
  const [first, ...others] = loads;
  if (first === undefined) throw new Error('a cluster has at least one node');
  return others.reduce((best, load) => (order(load, best) < 0 ? load : best), first);
}

function largestFirst(a: Piece, b: Piece): number {
  return b.rows - a.rows || (a.key < b.key ? -1 : 1);
}
