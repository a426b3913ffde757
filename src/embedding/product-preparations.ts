import { OmniError } from '../core/errors.js';
import type { ProductInputs } from './product-inputs.js';

/** Products whose texts are made in one go: a few milliseconds. */
const PREPARED_AT_ONCE = 32;

/** Texts of some products that are to be made. */
export interface Preparation {
  products: readonly ProductInputs[];
  failures: number;
  resolve: (texts: string[]) => void;
  reject: (error: unknown) => void;
}

/** What waits to be made into texts, in order of asking. */
export class Preparations {
  private readonly waiting: Preparation[] = [];

  get length(): number {
    return this.waiting.length;
  }

  /** Resolves with the texts of `products`, in order. */
  async add(products: readonly ProductInputs[]): Promise<string[]> {
    const parts: Promise<string[]>[] = [];
    for (let at = 0; at < products.length; at += PREPARED_AT_ONCE) {
      const part = products.slice(at, at + PREPARED_AT_ONCE);
      parts.push(
        new Promise((resolve, reject) => {
          this.waiting.push({ products: part, failures: 0, resolve, reject });
        }),
      );
    }
    return (await Promise.all(parts)).flat();
  }

  take(): Preparation | undefined {
    return this.waiting.shift();
  }

  /** The worker died or failed over it: once more, then never. */
  retryOrFail(preparation: Preparation, cause: unknown): void {
    preparation.failures++;
    if (preparation.failures === 1) this.waiting.unshift(preparation);
    else preparation.reject(new OmniError('unavailable', 'the encoder failed twice', { cause }));
  }

  failAll(error: OmniError): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
