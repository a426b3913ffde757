/** Seeded products with vectors, and the truth about them by brute force. */
import { compareBytes } from '../../src/core/ids.js';

/** mulberry32: small, seeded, good enough for test data. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface TestProduct {
  id: string;
  title: string;
  category: string;
  price: number;
  in_stock: boolean;
  brand: string;
  attributes: { Colour: string; Tags: string[] };
  vector: number[];
}

export function randomVector(random: () => number, dimensions: number): number[] {
  return Array.from({ length: dimensions }, () => {
    const radius = Math.sqrt(-2 * Math.log(random() + 1e-12));
    return radius * Math.cos(2 * Math.PI * random());
  });
}

export function makeProducts(count: number, dimensions: number, seed = 1): TestProduct[] {
  const random = seeded(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  return Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    title: `Product ${i}`,
    category: `Category ${Math.floor(8 * random() * random())}`,
    price: Math.round(random() * 10_000) / 100,
    in_stock: random() < 0.8,
    brand: `Brand ${Math.floor(random() * 20)}`,
    attributes: {
      Colour: pick(['red', 'green', 'blue']),
      Tags: [pick(['a', 'b']), pick(['c', 'd'])],
    },
    vector: randomVector(random, dimensions),
  }));
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(values, (value) => value / length);
}

/** The `k` best by definition: float64 dot product of the float32 unit vectors, rounded, ties by id. */
export function bruteForce(
  products: readonly TestProduct[],
  query: readonly number[],
  k: number,
  matches: (product: TestProduct) => boolean = () => true,
): { id: string; score: number }[] {
  const q = unit(query);
  return products
    .filter(matches)
    .map(({ id, vector }) => {
      const v = unit(vector);
      let sum = 0;
      for (let i = 0; i < q.length; i++) sum += (q[i] as number) * (v[i] as number);
      return { id, score: Math.fround(sum) };
    })
    .sort((a, b) => b.score - a.score || compareBytes(a.id, b.id))
    .slice(0, k);
}
