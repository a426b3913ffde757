import { createHash } from 'node:crypto';
import type { StoredHead, StoredRow } from './store.js';

const BITS = 256n;

/**
 * What a catalogue holds in a number, whatever the order in which its products are added: the sum,
 * modulo 2^256, of each product's SHA-256 (Bellare and Micciancio's AdHash). Versions and positions
 * are the store's own and do not count.
 */
export class CatalogueDigest {
  products = 0;
  private sum = 0n;

  /** @param listed what price lists say of it, where that is to count */
  add(row: StoredRow, { feedVersion, contentHash, embedHash }: StoredHead, listed = ''): void {
    const { product, model, vectors } = row;
    const meta = [product.id, feedVersion ?? null, contentHash, embedHash, model];
    const { buffer, byteOffset, byteLength } = vectors.text;
    const hash = createHash('sha256')
      .update(JSON.stringify([meta, product]))
      .update('\0')
      .update(Buffer.from(buffer, byteOffset, byteLength))
      .update(listed)
      .digest('hex');
    this.sum = BigInt.asUintN(Number(BITS), this.sum + BigInt(`0x${hash}`));
    this.products += 1;
  }

  /** 64 characters of hex. */
  get hex(): string {
    return this.sum.toString(16).padStart(Number(BITS) / 4, '0');
  }
}
