import { scanSlab } from '../../src/shard/engine/exact-scan.js';
import type { PartitionData } from './partition-data.js';
import { Random } from './random.js';
import { rowOf } from './synthetic.js';

/** Rows of a category that its centroids are made of, at most, and rounds of k-means. */
const SAMPLE_ROWS = 2048;
const ROUNDS = 8;

/** Some centroids a category, to choose categories by. */
export interface Sketch {
  buildS: number;
  bytes: number;
  /** The `count` categories with the nearest centroids, nearest first. */
  nearest(query: Float32Array, count: number): number[];
}

/** Spherical k-means (Dhillon and Modha 2001) in each category by itself. */
export function makeSketch(
  { base, ranges }: PartitionData,
  centroids: number,
  seed: number,
): Sketch {
  const random = new Random(seed, `sketch of ${String(centroids)}`);
  const { dimensions } = base;
  const before = process.cpuUsage();
  const owners: number[] = [];
  const slab = new Float32Array(ranges.length * centroids * dimensions);
  ranges.forEach(({ from, to }, category) => {
    const sample = random.sample(Math.min(SAMPLE_ROWS, to - from), to - from);
    const vectors = sample.map((row) => rowOf(base, from + row));
    const means = kMeans(vectors, Math.min(centroids, vectors.length), dimensions);
    slab.set(means, owners.length * dimensions);
    for (let i = 0; i < means.length; i += dimensions) owners.push(category);
  });
  const { user, system } = process.cpuUsage(before);

  const nearest = (query: Float32Array, count: number): number[] => {
    const wanted = Math.min(count, ranges.length);
    for (let looked = 4 * wanted + 16; ; looked *= 4) {
      const { rows } = scanSlab(slab, owners.length, query, looked);
      const categories = new Set<number>();
      for (const row of rows) {
        categories.add(owners[row]!);
        if (categories.size === wanted) return [...categories];
      }
      if (looked >= owners.length) return [...categories];
    }
  };
  const bytes = owners.length * dimensions * 4;
  return { buildS: (user + system) / 1e6, bytes, nearest };
}

function kMeans(vectors: readonly Float32Array[], count: number, dimensions: number): Float32Array {
  let means = new Float32Array(count * dimensions);
  vectors.slice(0, count).forEach((vector, i) => means.set(vector, i * dimensions));
  for (let round = 0; round < ROUNDS; round += 1) {
    const sums = new Float32Array(means.length);
    for (const vector of vectors) {
      const [nearest = 0] = scanSlab(means, count, vector.slice(), 1).rows;
      const at = nearest * dimensions;
      for (let i = 0; i < dimensions; i += 1) sums[at + i]! += vector[i]!;
    }
    for (let at = 0; at < sums.length; at += dimensions) normalise(sums, means, at, dimensions);
    means = sums;
  }
  return means;
}

/** A centroid that lost all its rows stays where it was. */
function normalise(sums: Float32Array, before: Float32Array, at: number, dimensions: number): void {
  const norm = Math.hypot(...sums.subarray(at, at + dimensions));
  if (norm === 0) sums.set(before.subarray(at, at + dimensions), at);
  else for (let i = at; i < at + dimensions; i += 1) sums[i]! /= norm;
}
