import { seeded } from '../../src/cli/plan/crowded-vectors.js';
import { sampleOf, type Sample } from '../../src/cli/plan/sample.js';
import { categoryShares } from '../../src/capacity/workload.js';
import { exactNeighbours } from '../lib/exact.js';
import { Progress } from '../lib/progress.js';

const NAMES = ['lamp', 'chair', 'mug', 'shirt', 'cable', 'rug', 'watch', 'kettle', 'desk', 'bag'];
const COLOURS = ['red', 'green', 'blue', 'black', 'white', 'grey'];
const MATERIALS = ['oak', 'steel', 'cotton', 'glass', 'leather', 'bamboo', 'wool'];
/** Rows in memory at once: ten million would be 20 GB. */
const BLOCK_ROWS = 100_000;

/** Products of some 300 bytes in a hundred categories of Zipf's sizes, of any number. */
export function madeSample(): Sample {
  const shares = categoryShares('zipf');
  return sampleOf((row) => {
    const random = seeded(row * 40_503 + 7);
    const pick = (of: readonly string[]): string => of[Math.floor(random.next() * of.length)] ?? '';
    let [point, category] = [random.next(), 0];
    while (category < shares.length - 1 && point >= (shares[category] ?? 0)) {
      point -= shares[category] ?? 0;
      category += 1;
    }
    const [colour, material, name] = [pick(COLOURS), pick(MATERIALS), pick(NAMES)];
    const brand = `Brand ${String(Math.floor(random.next() * 300))}`;
    const model = Math.floor(random.next() * 1e6).toString(36);
    return {
      id: `p${String(row)}`,
      title: `${brand} ${colour} ${material} ${name} ${model}`,
      category: `category ${String(category).padStart(2, '0')}`,
      description: `A ${name} of ${material} in ${colour}, model ${model}, made by ${brand}, with two years of guarantee.`,
      price: Math.round(random.next() * 20_000) / 100,
      attributes: { brand, colour, material, in_stock: random.next() < 0.9 },
    };
  });
}

/** The ids of the nearest products of each query, nearest first, by looking at all of them. */
export function exactIds(
  sample: Sample,
  { rows, dimensions, queries, k }: Record<'rows' | 'dimensions' | 'queries' | 'k', number>,
): string[][] {
  const asked = Array.from({ length: queries }, (_, i) => sample.query(i, dimensions));
  const best: { row: number; cosine: number }[][] = asked.map(() => []);
  const progress = new Progress('exact neighbours', rows, 'vectors');
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows - from);
    const vectors = new Float32Array(count * dimensions);
    for (let i = 0; i < count; i += 1) {
      vectors.set(sample.vector(from + i, dimensions), i * dimensions);
    }
    const block = { count, dimensions, vectors, categories: new Uint8Array(count) };
    exactNeighbours(block, asked, k).forEach(({ rows: near, cosines }, i) => {
      const found = near.map((row, at) => ({ row: from + row, cosine: cosines[at] ?? 0 }));
      const all = [...(best[i] ?? []), ...found];
      best[i] = all.sort((a, b) => b.cosine - a.cosine || a.row - b.row).slice(0, k);
    });
    progress.add(count);
  }
  progress.done();
  return best.map((found) => found.map(({ row }) => sample.product(row).id));
}
