import type { Product } from '../../core/product.js';
import { CrowdedVectors, seeded } from './crowded-vectors.js';

/** A catalogue of any size to measure with. Vectors have unit length. */
export interface Sample {
  product(row: number): Product;
  vector(row: number, dimensions: number): Float32Array;
  /** Of a search, near to products and none of them. */
  query(number: number, dimensions: number): Float32Array;
}

const CLUSTERS = 200;
/** Rows and queries are different draws. */
const QUERIES_FROM = 1 << 30;

/** These products, each with a vector of no meaning: they crowd as those of a model do. */
export function sampleOf(product: Sample['product']): Sample {
  const crowds = new Map<number, CrowdedVectors>();
  const draw = (seed: number, dimensions: number): Float32Array => {
    const crowd = crowds.get(dimensions) ?? new CrowdedVectors(dimensions, CLUSTERS, seeded(1));
    crowds.set(dimensions, crowd);
    const random = seeded(seed * 2_654_435_761 + 97);
    const vector = new Float64Array(dimensions);
    crowd.draw(vector, Math.floor(random.next() * CLUSTERS), random);
    return Float32Array.from(vector);
  };
  return {
    product,
    vector: draw,
    query: (number, dimensions) => draw(QUERIES_FROM + number, dimensions),
  };
}
