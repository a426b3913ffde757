import { normalise, score } from '../../core/vector.js';
import { scanSlab } from '../engine/exact-scan.js';
import { EF_K, type Graph, type GraphRows } from '../engine/graph.js';
import type { SearchedVector } from '../index/recent-queries.js';
import type { ChosenWidth } from '../index/segment-record.js';

export interface EfOptions {
  /** Recall to hold, below 1. */
  target: number;
  /** Bounds of `ef`. */
  min: number;
  max: number;
  /** Callers bring vectors, as products do: there is no model, and so no words. */
  vectorsOnly?: boolean;
}

/** Rows, and as many stand-ins. */
const SAMPLED = 64;
/** Rows compared with all queries at once: what fits the cache of a core. */
const BATCH_ROWS = 1_024;
/** Each width is this many times the one below. */
const STEP = Math.SQRT2;
/** From so many queries on they are taken, in place of stand-ins. */
const MIN_QUERIES = 16;
/** Where no width is good enough, one that is no worse than the best by more than this is as good. */
const PLATEAU = 0.002;
/** float32 kernels and the float64 score differ by less than this at unit length. */
const SCORE_MARGIN = 1e-5;

/** A query whose best matches are known. */
interface Sample {
  vector: Float32Array;
  /** The stored row that it is, which does not count. */
  self: number;
  /** Score below which nothing is wanted of it. */
  reach: number;
  /** Exact scores of its best matches, best first, at most `EF_K`. */
  best: number[];
}

/**
 * The least width at which a graph's searches find what exact search finds, by ascending widths:
 * for some of its own rows, and for the last queries. Stored rows find themselves more easily than a
 * shopper's words, which lie between products: where there are no queries yet, stand-ins are made.
 * Where no width reaches the target (vectors that are all but equal, or that int8 cannot tell apart)
 * a wider search is no help: the least among the best.
 */
export function chooseEf(
  graph: Graph,
  rows: GraphRows,
  queries: readonly SearchedVector[],
  options: EfOptions,
  isStopped: () => boolean,
): ChosenWidth {
  const { target } = options;
  const ofRows = sampleRows(rows);
  const ofQueries = queries.map((query): Sample => ({ ...query, self: -1, best: [] }));
  const byQueries = ofQueries.length >= MIN_QUERIES;
  const others = byQueries ? ofQueries : standIns(rows, options.vectorsOnly);
  findBest(rows, [...ofRows, ...others], isStopped);
  const seen: { ef: number; recall: number; both: number }[] = [];
  for (const ef of widths(options)) {
    if (isStopped()) throw new Error('the build was called off');
    const ofRow = recallAt(ef, graph, rows, ofRows);
    const ofOther = recallAt(ef, graph, rows, others);
    const recall = Math.min(ofRow, ofOther);
    if (recall >= target) return { ef, recall, target, byQueries };
    seen.push({ ef, recall, both: ofRow + ofOther });
  }
  const best = Math.max(...seen.map(({ both }) => both));
  const { ef, recall } = seen.find(({ both }) => both >= best - PLATEAU) ?? {
    ef: options.max,
    recall: 0,
  };
  return { ef, recall, target, byQueries };
}

/** All that is best is wanted. */
const NO_REACH = { reach: -Infinity, best: [] as number[] };

function sampleRows({ count, vectorAt }: GraphRows): Sample[] {
  // A copy: kernels read from the start of a buffer.
  return spread(count, 0.5).map((self) => ({ vector: vectorAt(self).slice(), self, ...NO_REACH }));
}

/**
 * What might be searched for. Words: as between two products, and as much again that is of neither; at
 * every width they find and miss about what a shop's real queries do (docs/decisions/0035). Vectors:
 * as near to a product as that.
 */
function standIns({ dimensions, count, vectorAt }: GraphRows, vectorsOnly = false): Sample[] {
  const ends = spread(count, 0.25);
  const ofNeither = 1 / Math.sqrt(dimensions);
  let state = 1;
  // The upper bit of a linear congruential generator: the same at every build.
  const sign = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state < 0 ? -1 : 1;
  };
  return ends.flatMap((row, i) => {
    const away = vectorsOnly ? 0 : (ends.length >>> 1) + (i % 7);
    const other = vectorAt(ends[(i + away) % ends.length] as number).slice();
    const between = normalise(vectorAt(row).map((value, d) => value + (other[d] as number)));
    const vector = between && normalise(between.map((value) => value + sign() * ofNeither));
    return vector === undefined ? [] : [{ vector, self: -1, ...NO_REACH }];
  });
}

/** Some rows, evenly, each at `share` of its stretch. */
function spread(count: number, share: number): number[] {
  const wanted = Math.min(count, SAMPLED);
  return Array.from({ length: wanted }, (_, i) => Math.floor(((i + share) * count) / wanted));
}

/** Ascending, the bounds themselves among them. */
function widths({ min, max }: EfOptions): number[] {
  const all = new Set<number>();
  for (let ef = min; ef < max; ef *= STEP) all.add(Math.round(ef));
  return [...all, max];
}

function findBest(
  { dimensions, count, vectorAt }: GraphRows,
  samples: readonly Sample[],
  isStopped: () => boolean,
): void {
  const batch = new Float32Array(BATCH_ROWS * dimensions);
  for (let from = 0; from < count; from += BATCH_ROWS) {
    if (isStopped()) throw new Error('the build was called off');
    const rows = Math.min(BATCH_ROWS, count - from);
    for (let i = 0; i < rows; i++) batch.set(vectorAt(from + i), i * dimensions);
    for (const sample of samples) {
      const found = scanSlab(batch, rows, sample.vector, EF_K + 1);
      const others = found.scores.filter(
        (_, i) => (found.rows[i] as number) + from !== sample.self,
      );
      sample.best = [...sample.best, ...others].sort((a, b) => b - a).slice(0, EF_K);
    }
  }
  for (const sample of samples) {
    sample.best = sample.best.filter((score) => score >= sample.reach - SCORE_MARGIN);
  }
}

/** By score: of equal ones at the end of the list either is right. */
function recallAt(
  width: number,
  graph: Graph,
  { vectorAt }: GraphRows,
  samples: readonly Sample[],
): number {
  let found = 0;
  let expected = 0;
  for (const { vector, self, best } of samples) {
    const floor = (best.at(-1) ?? Infinity) - SCORE_MARGIN;
    // A row that finds itself has a place less for others.
    const candidates = graph.search(vector, self === -1 ? width : width + 1);
    const hits = candidates.rows.filter(
      (row) => row !== self && score(vector, vectorAt(row)) >= floor,
    );
    found += Math.min(hits.length, best.length);
    expected += best.length;
  }
  return expected === 0 ? 1 : found / expected;
}
