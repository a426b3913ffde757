import type { Catalogue } from '../lib/catalogue.js';
import { rowOf, syntheticVectors, type VectorSet } from '../lib/synthetic.js';
import { vectorJson } from '../lib/vector-json.js';

/** Vectors made at once; others are mixed of two of them. */
const POOL = 50_000;
/** Of a mixed vector's two parts; the squares add up to 1. */
const SHARES = [0.8, 0.6] as const;
/** Primes: two of the pool meet again only after many rows. */
const STRIDES = [7919, 104_729] as const;

/** As many products as wanted of a catalogue's texts, each with a vector: nothing is left to embed. */
export class MadeProducts {
  private readonly tails: string[];

  private constructor(
    catalogue: Catalogue,
    private readonly pool: VectorSet,
  ) {
    this.tails = catalogue.products.map(({ line }) => {
      const product = JSON.parse(line) as Record<string, unknown>;
      delete product['id'];
      return JSON.stringify(product).slice(1, -1);
    });
  }

  static async of(catalogue: Catalogue, dimensions: number, seed: number): Promise<MadeProducts> {
    const pool = await syntheticVectors({ count: POOL, dimensions, seed, stream: 'rows' });
    return new MadeProducts(catalogue, pool);
  }

  /** A line of NDJSON. */
  lineOf(row: number): string {
    const tail = this.tails[row % this.tails.length] ?? '';
    return `{"id":"p${String(row)}",${tail},"vector":${vectorJson(this.vectorOf(row)).toString()}}`;
  }

  private vectorOf(row: number): Float32Array {
    const { count } = this.pool;
    const first = rowOf(this.pool, row % count);
    if (row < count) return first;
    const second = rowOf(
      this.pool,
      (row * STRIDES[0] + Math.floor(row / count) * STRIDES[1]) % count,
    );
    return first.map((value, i) => SHARES[0] * value + SHARES[1] * (second[i] ?? 0));
  }
}
