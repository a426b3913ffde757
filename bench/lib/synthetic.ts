import { existsSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { cachePath } from './paths.js';
import { Progress } from './progress.js';
import { Random } from './random.js';

/** Vectors with a category each, all in memory. */
export interface VectorSet {
  count: number;
  dimensions: number;
  /** Row after row, each of length 1. Components are multiples of 1e-6, to be short as text. */
  vectors: Float32Array;
  /** Category number of each row. */
  categories: Uint8Array;
}

export interface SyntheticOptions {
  count: number;
  dimensions: number;
  seed: number;
  /** Rows and queries come from the same clusters, but are different draws. */
  stream: 'rows' | 'queries';
}

const CATEGORIES = 20;
const CLUSTERS_A_CATEGORY = 10;
const SUBSPACE = 24;
/** Part of the cache's file names: raise it when the recipe changes. */
const RECIPE = 1;

/**
 * Vectors with the crowding of CLIP embeddings. Category sizes follow (rank + 1.3)^-1.45; each
 * category has ten clusters; a cluster's centre is a random unit vector plus 0.6 of one direction
 * common to all; a vector is its centre + 0.75 x noise in the cluster's own 24-d subspace + 0.375 x
 * isotropic noise, normalised. The tenth neighbour's cosine is then about 0.74 at 100,000 x 512.
 * Kept in the cache folder from one run to the next.
 */
export async function syntheticVectors(options: SyntheticOptions): Promise<VectorSet> {
  const { count, dimensions, seed, stream } = options;
  const path = cachePath(
    `clip-like-v${String(RECIPE)}-${stream}-${String(count)}x${String(dimensions)}-seed${String(seed)}`,
  );
  const set: VectorSet = {
    count,
    dimensions,
    vectors: new Float32Array(count * dimensions),
    categories: new Uint8Array(count),
  };
  if (existsSync(path)) {
    await readInto(path, [set.categories, set.vectors]);
    return set;
  }
  generate(set, options);
  await writeFrom(path, [set.categories, set.vectors]);
  return set;
}

export function categoryName(category: number): string {
  return `category ${String(category).padStart(2, '0')}`;
}

/** Numbers of the rows of one category, ascending. */
export function rowsOfCategory({ categories }: VectorSet, category: number): Uint32Array {
  return Uint32Array.from(categories.keys()).filter((row) => categories[row] === category);
}

/** One row as a view, not a copy. */
export function rowOf(set: VectorSet, row: number): Float32Array {
  return set.vectors.subarray(row * set.dimensions, (row + 1) * set.dimensions);
}

interface Cluster {
  centre: Float64Array;
  /** SUBSPACE unit vectors, one after the other. */
  axes: Float64Array;
}

function generate(set: VectorSet, { dimensions, seed, stream }: SyntheticOptions): void {
  const clusters = makeClusters(dimensions, new Random(seed, 'clusters'));
  const random = new Random(seed, stream);
  const weights = Array.from({ length: CATEGORIES }, (_, i) => (i + 1 + 1.3) ** -1.45);
  const total = weights.reduce((sum, weight) => sum + weight);
  const progress = new Progress(`making ${stream}`, set.count, 'vectors');
  const vector = new Float64Array(dimensions);
  for (let row = 0; row < set.count; row += 1) {
    let point = random.next() * total;
    let category = 0;
    while (category < CATEGORIES - 1 && point >= (weights[category] ?? 0)) {
      point -= weights[category] ?? 0;
      category += 1;
    }
    const cluster = clusters[category * CLUSTERS_A_CATEGORY + random.below(CLUSTERS_A_CATEGORY)];
    if (cluster !== undefined) drawVector(vector, cluster, random);
    set.categories[row] = category;
    for (let i = 0; i < dimensions; i += 1) {
      set.vectors[row * dimensions + i] = Math.round((vector[i] ?? 0) * 1e6) / 1e6;
    }
    if (row % 1000 === 0) progress.update(row);
  }
  progress.update(set.count);
  progress.done();
}

function makeClusters(dimensions: number, random: Random): Cluster[] {
  const unit = (): Float64Array =>
    normalise(Float64Array.from({ length: dimensions }, () => random.gaussian()));
  const common = unit();
  return Array.from({ length: CATEGORIES * CLUSTERS_A_CATEGORY }, () => {
    const centre = normalise(unit().map((value, i) => value + 0.6 * (common[i] ?? 0)));
    const axes = new Float64Array(SUBSPACE * dimensions);
    for (let axis = 0; axis < SUBSPACE; axis += 1) axes.set(unit(), axis * dimensions);
    return { centre, axes };
  });
}

/** Both noises are scaled so that their expected norm is 1 before the factor. */
function drawVector(vector: Float64Array, { centre, axes }: Cluster, random: Random): void {
  const { length } = vector;
  const isotropic = 0.375 / Math.sqrt(length);
  for (let i = 0; i < length; i += 1) {
    vector[i] = (centre[i] ?? 0) + isotropic * random.gaussian();
  }
  for (let axis = 0; axis < SUBSPACE; axis += 1) {
    const weight = (0.75 / Math.sqrt(SUBSPACE)) * random.gaussian();
    const offset = axis * length;
    for (let i = 0; i < length; i += 1) {
      vector[i] = (vector[i] ?? 0) + weight * (axes[offset + i] ?? 0);
    }
  }
  normalise(vector);
}

function normalise(vector: Float64Array): Float64Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  for (let i = 0; i < vector.length; i += 1) vector[i] = (vector[i] ?? 0) / norm;
  return vector;
}

/** Reads and writes go in pieces: one call cannot move 2 GiB. */
const PIECE_BYTES = 1 << 28;

function pieces(array: Uint8Array | Float32Array): Uint8Array[] {
  const list: Uint8Array[] = [];
  for (let at = 0; at < array.byteLength; at += PIECE_BYTES) {
    const bytes = Math.min(PIECE_BYTES, array.byteLength - at);
    list.push(new Uint8Array(array.buffer, array.byteOffset + at, bytes));
  }
  return list;
}

async function readInto(path: string, arrays: (Uint8Array | Float32Array)[]): Promise<void> {
  const file = await open(path, 'r');
  try {
    for (const piece of arrays.flatMap(pieces)) {
      for (let at = 0; at < piece.length;) {
        const { bytesRead } = await file.read(piece, at, piece.length - at);
        if (bytesRead === 0) throw new Error(`${path} is too short: delete it`);
        at += bytesRead;
      }
    }
  } finally {
    await file.close();
  }
}

async function writeFrom(path: string, arrays: (Uint8Array | Float32Array)[]): Promise<void> {
  const file = await open(`${path}.part`, 'w');
  try {
    for (const piece of arrays.flatMap(pieces)) await file.writeFile(piece);
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
