import { VectorSlabs } from '../../src/shard/vector-slabs.js';
import { dot, exactNeighbours } from './exact.js';
import { rowOf, type VectorSet } from './synthetic.js';

/** Rows of one category, as a segment holds them: `from` inclusive, `to` exclusive. */
export interface Range {
  from: number;
  to: number;
}

/** Rows sorted by category, the largest first, with queries and what is true for them. */
export interface PartitionData {
  name: string;
  base: VectorSet;
  /** The same rows, each category in a slab of its own. */
  slabs: VectorSlabs;
  ranges: readonly Range[];
  /** Each at offset 0 of its buffer, as usearch needs it. */
  queries: readonly Float32Array[];
  asks: Record<Ask, Question>;
}

/** What is searched: all rows, the category that a query belongs to, or one that it does not. */
export type Ask = 'all' | 'own' | 'other';

interface Question {
  /** Category of each query; undefined: all. */
  categories: readonly number[] | undefined;
  /** Cosine of the k-th true neighbour of each query: what is as near counts as found. */
  kth: readonly number[];
}

/** Sorts the rows and finds the truth. `own`: the category of each query. */
export function preparePartitions(
  name: string,
  rows: VectorSet,
  queries: readonly Float32Array[],
  own: readonly number[] | undefined,
  k: number,
): PartitionData {
  const rank = rankBySize(rows.categories);
  const order = Array.from(rows.categories.keys()).sort(
    (a, b) => rank[rows.categories[a]!]! - rank[rows.categories[b]!]! || a - b,
  );
  const base: VectorSet = {
    count: rows.count,
    dimensions: rows.dimensions,
    vectors: new Float32Array(rows.vectors.length),
    categories: Uint8Array.from(order, (row) => rank[rows.categories[row]!]!),
  };
  order.forEach((row, i) => base.vectors.set(rowOf(rows, row), i * rows.dimensions));
  const ranges = rangesOf(base.categories);
  const asked = queries.map((query) => query.slice());
  const all = exactNeighbours(base, asked, k, undefined, `exact neighbours, ${name}`);
  // A query in words has no category of its own: that of its nearest product is taken.
  const ownOf =
    own?.map((category) => rank[category]!) ??
    all.map(({ rows: [first = 0] }) => rangeOf(ranges, first));
  const otherOf = ownOf.map(
    (category, i) => (category + 1 + (i % (ranges.length - 1))) % ranges.length,
  );
  const within = (categories: readonly number[]): Question => {
    return { categories, kth: kthWithin(base, ranges, asked, categories, k) };
  };
  return {
    name,
    base,
    slabs: slabsOf(base, ranges),
    ranges,
    queries: asked,
    asks: {
      all: { categories: undefined, kth: all.map(({ cosines }) => cosines.at(-1) ?? -1) },
      own: within(ownOf),
      other: within(otherOf),
    },
  };
}

/** Share of the k true neighbours found; rows with equal vectors stand for each other. */
export function recallOf(
  { base, queries, asks }: PartitionData,
  ask: Ask,
  query: number,
  found: readonly number[],
  k: number,
): number {
  const last = asks[ask].kth[query]! - 1e-9;
  const near = found.filter((row) => dot(queries[query]!, rowOf(base, row)) >= last);
  return Math.min(1, near.length / k);
}

/** The category that holds `row`. */
function rangeOf(ranges: readonly Range[], row: number): number {
  return ranges.findIndex(({ to }) => row < to);
}

/** New numbers of the categories, the largest first: small ones then lie side by side. */
function rankBySize(categories: Uint8Array): number[] {
  const sizes: number[] = [];
  for (const category of categories) sizes[category] = (sizes[category] ?? 0) + 1;
  const bySize = [...sizes.keys()].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  const rank: number[] = [];
  bySize.forEach((category, i) => (rank[category] = i));
  return rank;
}

function rangesOf(categories: Uint8Array): Range[] {
  const ranges: Range[] = [];
  categories.forEach((category, row) => {
    const last = ranges.at(-1);
    if (last !== undefined && categories[last.from] === category) last.to = row + 1;
    else ranges.push({ from: row, to: row + 1 });
  });
  return ranges;
}

function slabsOf(base: VectorSet, ranges: readonly Range[]): VectorSlabs {
  const { dimensions, vectors } = base;
  const slabs = ranges.map(({ from, to }) => vectors.slice(from * dimensions, to * dimensions));
  return new VectorSlabs(dimensions, slabs, [0, ...ranges.map(({ to }) => to)]);
}

function kthWithin(
  base: VectorSet,
  ranges: readonly Range[],
  queries: readonly Float32Array[],
  categories: readonly number[],
  k: number,
): number[] {
  const kth = queries.map(() => -1);
  ranges.forEach(({ from, to }, category) => {
    const members = [...queries.keys()].filter((i) => categories[i] === category);
    if (members.length === 0) return;
    const rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
    const found = exactNeighbours(
      base,
      members.map((i) => queries[i]!),
      k,
      rows,
    );
    members.forEach((member, i) => (kth[member] = found[i]?.cosines.at(-1) ?? -1));
  });
  return kth;
}
