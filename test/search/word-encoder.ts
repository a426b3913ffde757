import type { ModelIdentity } from '../../src/core/product.js';
import { normalise } from '../../src/core/vector.js';
import type { Encoder, EncoderStatus, QueryEmbedding } from '../../src/embedding/encoder.js';
import type { ProductInputs } from '../../src/embedding/product-inputs.js';
import { productText } from '../../src/embedding/product-text.js';

/** An encoder whose vectors are made of the letters of a text, case and spaces folded. */
export class WordEncoder implements Encoder {
  readonly model: ModelIdentity;

  constructor(fingerprint: string, dimensions: number) {
    this.model = { name: 'words', fingerprint, dimensions };
  }

  queryKey(text: string): string {
    return text.toLowerCase().replace(/\s+/g, ' ').trim();
  }

  async embedQuery(text: string): Promise<QueryEmbedding> {
    return { vector: this.#vector(text), source: 'computed' };
  }

  async embedQueries(texts: readonly string[]): Promise<QueryEmbedding[]> {
    return Promise.all(texts.map((text) => this.embedQuery(text)));
  }

  async embedProducts(products: readonly ProductInputs[]): Promise<Float32Array[]> {
    return products.map((inputs) => this.#vector(productText({ id: '', ...inputs })));
  }

  status(): EncoderStatus {
    return {
      cache: { entries: 0, capacity: 0, hits: 0, misses: 0 },
      pool: { threads: 0, queued: 0 },
      embeddedProducts: 0,
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #vector(text: string): Float32Array {
    const sums = new Array<number>(this.model.dimensions).fill(1);
    const key = this.queryKey(text);
    for (let i = 0; i < key.length; i++) {
      const at = i % sums.length;
      sums[at] = (sums[at] ?? 0) + (key.charCodeAt(i) % 17);
    }
    return normalise(sums) ?? new Float32Array(sums.length);
  }
}
