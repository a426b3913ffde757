import { accessSync } from 'node:fs';
import usearch from 'usearch';
import type { Candidates, Graph, GraphEngine, GraphPlace } from './graph.js';

const { Index, MetricKind, ScalarKind } = usearch;
type Index = InstanceType<typeof Index>;

/** Vectors handed over at once: a few milliseconds of work, so that a stop is seen soon. */
const BATCH_ROWS = 64;
/**
 * One thread a build: shards build beside each other and beside searches, and a graph is the same
 * each time.
 */
const THREADS = 1;

/**
 * Scores are dot products of int8 vectors, 127 squared for two equal ones. Rounding puts each off by
 * 0.004 of that at a cosine of 0.8 and by 0.006 at 0.4 (standard deviations, measured on unit
 * vectors of 512): the difference of two is within this in 99 of 100 cases or more.
 */
const SCORE_MARGIN = 0.02 * 127 ** 2;

/**
 * usearch: a graph over int8 vectors in a memory-mapped file, a quarter of the float32 ones. Its
 * binding fixes `expansion_search` when an index is made and widens it to the number of results
 * asked for, so that number is the width.
 */
class UsearchGraph implements Graph {
  readonly scoreMargin = SCORE_MARGIN;
  readonly size: number;
  readonly firstRow: number;
  readonly bytes: number;
  ef: number;

  constructor(
    private readonly index: Index,
    { firstRow, bytes, ef }: GraphPlace,
  ) {
    this.firstRow = firstRow;
    this.bytes = bytes;
    this.ef = ef;
    this.size = index.size();
  }

  search(query: Float32Array, width: number): Candidates {
    const { keys, distances } = this.index.search(query, Math.min(width, this.size), THREADS);
    // The low words of the keys: a BigInt each would cost more than the rest of this function.
    const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
    const rows: number[] = [];
    const scores: number[] = [];
    for (let i = 0; i < keys.length; i++) {
      rows.push((words[2 * i] as number) + this.firstRow);
      scores.push(1 - (distances[i] as number));
    }
    return { rows, scores };
  }
}

function newIndex(dimensions: number, M = 16, efConstruction = 128): Index {
  return new Index({
    dimensions,
    metric: MetricKind.IP,
    quantization: ScalarKind.I8,
    connectivity: M,
    expansion_add: efConstruction,
    expansion_search: 1,
    multi: false,
  });
}

export const usearchEngine: GraphEngine = {
  build(file, { dimensions, count, vectorAt }, { M, efConstruction }, isStopped) {
    const index = newIndex(dimensions, M, efConstruction);
    for (let from = 0; from < count; from += BATCH_ROWS) {
      if (isStopped()) throw new Error('the build was called off');
      const rows = Math.min(BATCH_ROWS, count - from);
      const batch = new Float32Array(rows * dimensions);
      for (let i = 0; i < rows; i++) batch.set(vectorAt(from + i), i * dimensions);
      const keys = BigUint64Array.from({ length: rows }, (_, i) => BigInt(from + i));
      index.add(keys, batch, THREADS);
    }
    index.save(file);
  },

  async open(file, place) {
    const index = newIndex(place.dimensions);
    // Where it cannot open a file, usearch closes descriptor 0, whosever that is.
    accessSync(file);
    index.view(file);
    return Promise.resolve(new UsearchGraph(index, place));
  },
};
