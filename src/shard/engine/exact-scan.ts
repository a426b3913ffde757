import usearch from 'usearch';
import type { Candidates } from './graph.js';

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
  const wanted = Math.min(count, rows);
  const found = exactSearch(data, query, dimensions, wanted, MetricKind.IP, 1);
  const { keys, distances } = found;
  // The low words of the keys: a BigInt each would cost more than to compare the row.
  const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * wanted);
  const candidates: Candidates = { rows: [], scores: [] };
  for (let i = 0; i < wanted; i++) {
    candidates.rows.push(words[2 * i] as number);
    candidates.scores.push(1 - (distances[i] as number));
  }
  return candidates;
}
