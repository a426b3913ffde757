import { dot } from './exact.js';
import { Random } from './random.js';
import { rowOf } from './synthetic.js';
import type { VectorData } from './vector-server.js';

/** Queries that go with one filter. */
interface FilterGroup {
  /** As in a search body; none without it. */
  filter?: object;
  /** The rows that match; all without it. */
  rows?: Uint32Array;
  /** Numbers of the queries. */
  members: number[];
}

export interface FilterCase {
  name: string;
  groups: FilterGroup[];
}

/** Filters by selectivity, and the product attributes that they need. */
export interface FilterCases {
  list: FilterCase[];
  /** A random order of the rows. */
  randomRank: Uint32Array;
  /** For each pivot, the rank of each row by closeness to it. */
  pivotRanks: Uint32Array[];
}

const SELECTIVITIES = [0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9, 1];
const PIVOTS = 8;
/** Vectors of one cluster have cosines from about 0.45, others below 0.35. */
const SAME_CLUSTER_COSINE = 0.4;

/**
 * Filters that match a given share of the rows: at random; correlated (the rows nearest to the
 * query's pivot, where its neighbours are); anti-correlated (the farthest ones, so that all matches
 * lie far from the query: the hard case for a graph with a filter).
 */
export function filterCases({ base, queries }: VectorData, seed: number): FilterCases {
  const random = new Random(seed, 'selectivity');
  const randomRank = Uint32Array.from(random.sample(base.count, base.count));
  const pivots = choosePivots(queries);
  const pivotRanks = pivots.map(({ centre }) =>
    ranksBy((row) => dot(centre, rowOf(base, row)), base.count),
  );
  const all = queries.map((_, i) => i);

  const byPivot = (group: (pivot: number) => Omit<FilterGroup, 'members'>): FilterGroup[] =>
    pivots.map(({ members }, pivot) => ({ ...group(pivot), members }));

  const list = SELECTIVITIES.flatMap((share) => {
    const count = Math.max(1, Math.round(share * base.count));
    const percent = `${String(Number((share * 100).toPrecision(6)))} %`;
    const below = { lt: count };
    const last = { gte: base.count - count };
    return [
      {
        name: `${percent} random`,
        groups: [
          {
            filter: { 'attributes.random_rank': below },
            rows: rowsWhere(randomRank, (rank) => rank < count),
            members: all,
          },
        ],
      },
      {
        name: `${percent} correlated`,
        groups: byPivot((pivot) => ({
          filter: { [`attributes.${rankName(pivot)}`]: below },
          rows: rowsWhere(pivotRanks[pivot], (rank) => rank < count),
        })),
      },
      {
        name: `${percent} anti-correlated`,
        groups: byPivot((pivot) => ({
          filter: { [`attributes.${rankName(pivot)}`]: last },
          rows: rowsWhere(pivotRanks[pivot], (rank) => rank >= base.count - count),
        })),
      },
    ];
  });
  return { list, randomRank, pivotRanks };
}

/** The attributes of a row that the filters refer to. */
export function rowAttributes({ randomRank, pivotRanks }: FilterCases, row: number): object {
  const attributes: Record<string, number | undefined> = { random_rank: randomRank[row] };
  pivotRanks.forEach((ranks, pivot) => (attributes[rankName(pivot)] = ranks[row]));
  return attributes;
}

function rankName(pivot: number): string {
  return `near_rank_${String(pivot)}`;
}

/** Rank of each row when sorted by `score`, highest first. */
function ranksBy(score: (row: number) => number, count: number): Uint32Array {
  const scores = Float64Array.from({ length: count }, (_, row) => score(row));
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const ranks = new Uint32Array(count);
  order.forEach((row, rank) => (ranks[row] = rank));
  return ranks;
}

function rowsWhere(
  ranks: Uint32Array | undefined,
  matches: (rank: number) => boolean,
): Uint32Array {
  const rows: number[] = [];
  ranks?.forEach((rank, row) => {
    if (matches(rank)) rows.push(row);
  });
  return Uint32Array.from(rows);
}

/**
 * The queries with the most others of their own cluster around them, and those others. Only a query
 * near its pivot makes a filter by the pivot's neighbourhood correlated with it.
 */
function choosePivots(
  queries: readonly Float32Array[],
): { centre: Float32Array; members: number[] }[] {
  const free = new Set(queries.keys());
  const pivots = [];
  while (pivots.length < PIVOTS && free.size > 0) {
    const circles = [...free].map((i) => ({
      centre: queries[i]!,
      members: [...free].filter((j) => near(queries[i], queries[j])),
    }));
    const best = circles.reduce((a, b) => (b.members.length > a.members.length ? b : a));
    for (const member of best.members) free.delete(member);
    pivots.push(best);
  }
  return pivots;
}

function near(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && b !== undefined && dot(a, b) >= SAME_CLUSTER_COSINE;
}
