import { NO_PRICES, type PackedPrices } from '../core/price-entries.js';
import type { NamedVectors, Product } from '../core/product.js';
import type { StoredDocument, StoredRow } from './store.js';

/** A document as a store has it: parsed, or put into bytes, only if someone asks. */
export class StoredText implements StoredDocument {
  /** Truly private: two documents are equal whether or not one was parsed. */
  #parsed: Product | undefined;

  constructor(
    readonly version: number,
    private text: Buffer | string,
  ) {}

  get json(): Buffer {
    if (typeof this.text === 'string') this.text = Buffer.from(this.text);
    return this.text;
  }

  get product(): Product {
    this.#parsed ??= JSON.parse(this.text.toString()) as Product;
    return this.#parsed;
  }
}

/** A document with its vectors. */
export class StoredTextRow extends StoredText implements StoredRow {
  constructor(
    version: number,
    text: Buffer | string,
    readonly model: string,
    readonly vectors: NamedVectors,
    readonly prices: PackedPrices = NO_PRICES,
  ) {
    super(version, text);
  }
}
