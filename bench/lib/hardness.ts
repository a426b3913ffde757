import { dot, exactNeighbours } from './exact.js';
import { mean } from './quality.js';
import { Random } from './random.js';
import { rowOf, type VectorSet } from './synthetic.js';

/** How hard a data set is for nearest-neighbour search; harder: contrast near 1, high dimension. */
export interface Hardness {
  /** Mean cosine of the tenth neighbour. */
  tenth_neighbour_cosine: number;
  /** Mean distance to a random row / mean distance to the tenth neighbour (He et al. 2012). */
  relative_contrast: number;
  /** Local intrinsic dimensionality by maximum likelihood over 100 neighbours (Amsaleg et al. 2015). */
  local_intrinsic_dimensionality: number;
}

const NEIGHBOURS = 100;

/** Measured on up to 200 of `queries`, with Euclidean distances of the unit vectors. */
export function measureHardness(
  base: VectorSet,
  queries: readonly Float32Array[],
  seed: number,
): Hardness {
  const random = new Random(seed, 'hardness');
  const sample = queries.slice(0, 200);
  const neighbours = exactNeighbours(base, sample, Math.min(NEIGHBOURS, base.count));
  const tenth = neighbours.map(({ cosines }) => cosines[Math.min(9, cosines.length - 1)] ?? 0);
  const strangers = sample.flatMap((query) =>
    Array.from({ length: 50 }, () => dot(query, rowOf(base, random.below(base.count)))),
  );
  return {
    tenth_neighbour_cosine: mean(tenth),
    relative_contrast: mean(strangers.map(distance)) / mean(tenth.map(distance)),
    local_intrinsic_dimensionality: mean(
      neighbours.map(({ cosines }) => localDimensionality(cosines.map(distance))),
    ),
  };
}

/** From the ascending distances of one query's neighbours. */
export function localDimensionality(distances: readonly number[]): number {
  const farthest = distances.at(-1) ?? 0;
  const logs = distances.filter((d) => d > 0 && d < farthest).map((d) => Math.log(d / farthest));
  return logs.length === 0 ? 0 : -1 / mean(logs);
}

function distance(cosineOfBoth: number): number {
  return Math.sqrt(Math.max(0, 2 - 2 * cosineOfBoth));
}
