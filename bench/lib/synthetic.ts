import { existsSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { CrowdedVectors } from '../../src/cli/plan/crowded-vectors.js';
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
/** Part of the cache's file names: raise it when the recipe changes. */
const RECIPE = 1;

/**
 * Vectors with the crowding of CLIP embeddings (`CrowdedVectors`). Category sizes follow (rank + 1.3)^-1.45; each
 * category has ten clusters. Kept in the cache folder from one run to the next.
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

function generate(set: VectorSet, { dimensions, seed, stream }: SyntheticOptions): void {
  const count = CATEGORIES * CLUSTERS_A_CATEGORY;
  const crowd = new CrowdedVectors(dimensions, count, new Random(seed, 'clusters'));
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
    const cluster = category * CLUSTERS_A_CATEGORY + random.below(CLUSTERS_A_CATEGORY);
    crowd.draw(vector, cluster, random);
    set.categories[row] = category;
    for (let i = 0; i < dimensions; i += 1) {
      set.vectors[row * dimensions + i] = Math.round((vector[i] ?? 0) * 1e6) / 1e6;
    }
    if (row % 1000 === 0) progress.update(row);
  }
  progress.update(set.count);
  progress.done();
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
