import type { ModelIdentity } from '../core/product.js';
import type { SharedValues } from '../core/shared-values.js';

const FLOAT32_BYTES = 4;
/** Of length 1, as far as float32 tells. */
const LENGTH_TOLERANCE = 1e-3;

/** The embeddings of one model that nodes share, as the float32 bytes of their values, little-endian. */
export class SecondLevel {
  constructor(
    private readonly values: SharedValues,
    private readonly model: ModelIdentity,
  ) {}

  /** @param key as `cacheKey` makes it */
  async get(key: string): Promise<Float32Array | undefined> {
    const bytes = await this.values.get(this.nameOf(key));
    return bytes && this.vectorOf(bytes);
  }

  set(key: string, vector: Float32Array): void {
    const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    this.values.set(this.nameOf(key), bytes);
  }

  /** Undefined for what is no vector of the model, whoever has put it there. */
  private vectorOf(bytes: Buffer): Float32Array | undefined {
    if (bytes.length !== this.model.dimensions * FLOAT32_BYTES) return undefined;
    // A copy, since floats want to begin at a multiple of four.
    const vector = new Float32Array(new Uint8Array(bytes).buffer);
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    return Math.abs(length - 1) <= LENGTH_TOLERANCE ? vector : undefined;
  }

  private nameOf(key: string): string {
    return `${this.model.fingerprint}\n${key}`;
  }
}
