import { existsSync } from 'node:fs';
import hnswlib from 'hnswlib-node';
import { exactNeighbours } from './exact.js';
import { cachePath } from './paths.js';
import { Progress } from './progress.js';
import { mean, recall } from './quality.js';
import { rowOf, type VectorSet } from './synthetic.js';

type Index = hnswlib.HierarchicalNSW;

const M = 16;
const EF_CONSTRUCTION = 200;
const EF_LADDER = [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 768];

/**
 * hnswlib-node over `rows` (all without it), labelled by row: M 16, efConstruction 200, inner
 * product. Kept under `cacheName` in the cache folder, when one is given.
 */
export async function buildHnsw(
  base: VectorSet,
  title: string,
  rows?: Uint32Array,
  cacheName?: string,
): Promise<Index> {
  const index = new hnswlib.HierarchicalNSW('ip', base.dimensions);
  const path = cacheName === undefined ? undefined : cachePath(`hnsw-${cacheName}`);
  if (path !== undefined && existsSync(path)) {
    await index.readIndex(path);
    return index;
  }
  const count = rows?.length ?? base.count;
  index.initIndex({ maxElements: count, m: M, efConstruction: EF_CONSTRUCTION, randomSeed: 1 });
  const progress = new Progress(title, count, 'vectors');
  for (let i = 0; i < count; i += 1) {
    const row = rows?.[i] ?? i;
    index.addPoint(Array.from(rowOf(base, row)), row);
    if (i % 500 === 0) {
      progress.update(i);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  progress.update(count);
  progress.done();
  if (path !== undefined) await index.writeIndex(path);
  return index;
}

/** Labels of the nearest rows, as a caller gets them: with the copy into `number[]`. */
export function searchHnsw(index: Index, query: Float32Array, k: number): number[] {
  return index.searchKnn(Array.from(query), k).neighbors;
}

/** Sets the smallest `ef` that reaches `target` recall@k on these queries; returns what it gave. */
export function tuneEf(
  index: Index,
  base: VectorSet,
  queries: readonly Float32Array[],
  k: number,
  target: number,
  rows?: Uint32Array,
): { ef: number; recall: number } {
  const truth = exactNeighbours(base, queries, k, rows);
  let tried = { ef: 0, recall: 0 };
  for (const ef of EF_LADDER) {
    index.setEf(ef);
    const recalls = queries.map((query, i) =>
      recall(searchHnsw(index, query, k), truth[i]?.rows ?? []),
    );
    tried = { ef, recall: mean(recalls) };
    if (tried.recall >= target) break;
  }
  return tried;
}
