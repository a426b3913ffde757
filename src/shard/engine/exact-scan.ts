import usearch from 'usearch';
import type { Candidates } from './graph.js';
import type { Codes } from './codes.js';

const { exactSearch, MetricKind } = usearch;

/**
 * The `count` best of the first `rows` vectors of `slab` by float32 inner product, with SIMD. The
 * slab must start at offset 0 of its buffer: usearch ignores a typed array's offset.
 */
export function scanSlab(
  slab: Float32Array,
  rows: number,
  query: Float32Array,
  count: number,
): Candidates {
  const dimensions = query.length;
  const data = rows * dimensions === slab.length ? slab : slab.subarray(0, rows * dimensions);
  return nearest(data, query, Math.min(count, rows), (distance) => 1 - distance);
}

/**
 * The `count` best of some rows by the dot products of codes, with SIMD: faster than
 * float32 by far, since a quarter of the bytes is read. Scores are within `codes.errorWith(query)` of the vectors' own.
 */
export function scanCodes(codes: Codes, query: Codes, count: number): Candidates {
  const rows = codes.data.length / query.data.length;
  return nearest(codes.data, query.data, Math.min(count, rows), (distance) =>
    codes.unscaled(1 - distance, query),
  );
}

function nearest<T extends Float32Array | Int8Array>(
  data: T,
  query: T,
  wanted: number,
  scoreOf: (distance: number) => number,
): Candidates {
  const { keys, distances } = exactSearch(data, query, query.length, wanted, MetricKind.IP, 1);
  // The low words of the keys: a BigInt each would cost more than to compare the row.
  const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * wanted);
  const candidates: Candidates = { rows: [], scores: [] };
  for (let i = 0; i < wanted; i++) {
    candidates.rows.push(words[2 * i] as number);
    candidates.scores.push(scoreOf(distances[i] as number));
  }
  return candidates;
}
