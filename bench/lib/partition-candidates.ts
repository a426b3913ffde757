import type { PartitionData } from './partition-data.js';
import type { BuiltGraph, GraphShelf } from './partition-graphs.js';
import { search, type Plan } from './partition-search.js';
import { makeSketch } from './sketches.js';

/** A way to cut rows into graphs and to search them. */
export interface Candidate {
  name: string;
  buildS: number;
  bytes: number;
  /** Width of unfiltered searches where it is part of the idea; otherwise it is tuned. */
  width?: number;
  /** Unfiltered searches go to a few categories that sketches choose. */
  bySketch?: boolean;
  find: Find;
}

/** The k nearest rows, of one category or of all. */
type Find = (query: Float32Array, category: number | undefined, width: number) => readonly number[];

export interface CandidateOptions {
  k: number;
  /** Categories below this are scanned where there is a choice. */
  graphMinRows: number;
  /** Categories below this share of all rows are pooled. */
  pools: readonly number[];
  /** Centroids a category. */
  centroids: readonly number[];
  /** Categories that are searched for a sketch. */
  nearest: readonly number[];
  seed: number;
}

/** Past this even the largest category is cheaper to scan. */
const WIDEST = 4096;

/** Every candidate, with its graphs built; what the product does comes first. */
export async function makeCandidates(
  data: PartitionData,
  shelf: GraphShelf,
  options: CandidateOptions,
): Promise<Candidate[]> {
  const all = await shelf.over({ from: 0, to: data.base.count });
  const own: BuiltGraph[] = [];
  for (const range of data.ranges) own.push(await shelf.over(range));
  const searcher = new Searcher(data, own, options.k, options.graphMinRows);
  const pooled: Candidate[] = [];
  for (const share of options.pools) {
    const limit = share * data.base.count;
    const first = data.ranges.findIndex(({ from, to }) => to - from < limit);
    if (first < 1) continue;
    const pool = await shelf.over({ from: data.ranges[first]!.from, to: data.base.count });
    const name = `one a category from ${String(100 * share)} % on (${String(first)}), the rest pooled`;
    pooled.push(poolCandidate(name, searcher, pool, first));
  }
  return [
    ...oneOverAll(searcher, all),
    ...eachByItself(searcher),
    ...pooled,
    ...chosenBySketch(searcher, data, options),
  ];
}

function oneOverAll(searcher: Searcher, all: BuiltGraph): Candidate[] {
  const { own } = searcher;
  const over = (inCategory: (...args: [Float32Array, number, number]) => readonly number[]) => {
    const find: Find = (query, category, width) =>
      category === undefined
        ? searcher.graphs([all], query, width)
        : inCategory(query, category, width);
    return { ...costOf([all]), find };
  };
  const byShare = (query: Float32Array, category: number, width: number) =>
    searcher.widened(all, category, query, Math.max(width, searcher.widthOfShare(category)));
  const large = own.filter((_, category) => searcher.isLarge(category));
  return [
    {
      name: 'one over all, one a large category, small ones scanned',
      ...over((query, category, width) =>
        searcher.isLarge(category)
          ? searcher.graphs([own[category]!], query, width)
          : searcher.scan(category, query),
      ),
      ...costOf([all, ...large]),
    },
    { name: 'one over all, widened by the share', ...over(byShare) },
    {
      name: 'one over all, widened until found',
      ...over((query, category, width) => searcher.widened(all, category, query, width)),
    },
    {
      name: 'one over all, large widened by the share, small scanned',
      ...over((query, category, width) =>
        searcher.isLarge(category)
          ? byShare(query, category, width)
          : searcher.scan(category, query),
      ),
    },
  ];
}

function eachByItself(searcher: Searcher): Candidate[] {
  const { own } = searcher;
  const find: Find = (query, category, width) =>
    searcher.graphs(category === undefined ? own : [own[category]!], query, width);
  const name = 'one a category, all searched';
  return [
    { name, ...costOf(own), find },
    ...[16, 32].map((width) => {
      return { name: `${name}, ef ${String(width)}`, ...costOf(own), width, find };
    }),
  ];
}

/** Categories from number `first` on, the smaller ones, share the graph `pool`. */
function poolCandidate(
  name: string,
  searcher: Searcher,
  pool: BuiltGraph,
  first: number,
): Candidate {
  const { own } = searcher;
  const parts = [...own.slice(0, first), pool];
  const find: Find = (query, category, width) => {
    if (category === undefined) return searcher.graphs(parts, query, width);
    if (category < first) return searcher.graphs([own[category]!], query, width);
    if (!searcher.isLarge(category)) return searcher.scan(category, query);
    return searcher.widened(pool, category, query, width);
  };
  return { name, ...costOf(parts), find };
}

function chosenBySketch(
  searcher: Searcher,
  data: PartitionData,
  { centroids, nearest, seed }: CandidateOptions,
): Candidate[] {
  const { own } = searcher;
  return centroids.flatMap((count) => {
    const sketch = makeSketch(data, count, seed);
    return nearest
      .filter((categories) => categories < own.length)
      .map((categories): Candidate => {
        const find: Find = (query, category, width) => {
          const chosen = category === undefined ? sketch.nearest(query, categories) : [category];
          return searcher.graphs(
            chosen.map((i) => own[i]!),
            query,
            width,
          );
        };
        const name = `the ${String(categories)} nearest by ${String(count)} centroids`;
        return { name, ...costOf([...own, sketch]), bySketch: true, find };
      });
  });
}

function costOf(parts: readonly { buildS: number; bytes: number }[]) {
  return {
    buildS: parts.reduce((sum, { buildS }) => sum + buildS, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** The ways to search that candidates are made of. */
class Searcher {
  constructor(
    private readonly data: PartitionData,
    /** The graph of each category. */
    readonly own: readonly BuiltGraph[],
    private readonly k: number,
    private readonly graphMinRows: number,
  ) {}

  isLarge(category: number): boolean {
    return this.rowsOf(category) >= this.graphMinRows;
  }

  graphs(built: readonly BuiltGraph[], query: Float32Array, width: number): readonly number[] {
    const graphs = built.map(({ graph }) => graph);
    return this.run({ graphs, scans: [] }, query, width) ?? [];
  }

  scan(category: number, query: Float32Array): readonly number[] {
    return this.run({ graphs: [], scans: [category] }, query, 0) ?? [];
  }

  /** Twice as wide until k candidates are of the category; one far from the query is scanned then. */
  widened(
    { graph }: BuiltGraph,
    category: number,
    query: Float32Array,
    firstWidth: number,
  ): readonly number[] {
    const within = this.data.ranges[category];
    for (let width = firstWidth; ; width *= 2) {
      const found = this.run({ graphs: [graph], scans: [], within }, query, width);
      if (found !== undefined) return found;
      if (width >= Math.min(WIDEST, graph.size)) return this.scan(category, query);
    }
  }

  /** Width at which k of the category should be met if it lay evenly: as the shard's planner has it. */
  widthOfShare(category: number): number {
    const share = this.rowsOf(category) / this.data.base.count;
    return Math.ceil((1.5 * this.k) / share) + 8 + 16 + Math.ceil(this.k / 4);
  }

  private rowsOf(category: number): number {
    const { from, to } = this.data.ranges[category]!;
    return to - from;
  }

  private run(plan: Plan, query: Float32Array, width: number): number[] | undefined {
    return search(this.data.slabs, plan, query, width, this.k);
  }
}
