import { OmniError } from '../../core/errors.js';
import type { Collections } from './collections.js';
import { writeBulk } from './product-bulk.js';
import type { Sequence } from './sequence.js';

const MAX_MOVES = 5;

/** A product's `_id` and the version it was written with. */
export interface Written {
  key: string;
  version: number;
}

/** Gives products new numbers, because followers may have passed those they were written with. */
export class Renumbering {
  constructor(
    private readonly collections: Collections,
    private readonly sequence: Sequence,
    private readonly writeTimeoutMs: number,
  ) {}

  /**
   * What another writer changed since has new numbers already. Adds `products` to the tenant's count.
   * Returns the highest number; rejects `unavailable` when this process is held up again and again.
   * `tried` is told of each number just before it is given.
   */
  async move(
    tenant: string,
    written: readonly Written[],
    products: number,
    tried: (to: readonly Written[]) => void,
  ): Promise<number> {
    let from = written;
    for (let attempt = 1; attempt <= MAX_MOVES; attempt++) {
      const range = await this.sequence.begin(tenant, from.length);
      if (range.expired) {
        await this.sequence.end(range);
        continue;
      }
      const to = from.map(({ key }, i) => ({ key, version: range.first + i }));
      tried(to);
      const operations = from.map(({ key, version }, i) => ({
        updateOne: {
          filter: { _id: key, version },
          update: { $set: { version: range.first + i } },
        },
      }));
      await writeBulk(this.collections, operations, this.writeTimeoutMs);
      if (await this.sequence.end(range, { products })) return range.first + from.length - 1;
      from = to;
    }
    throw tooSlow();
  }
}

export function tooSlow(): OmniError {
  return new OmniError('unavailable', 'the store is too slow', { retryAfterMs: 1000 });
}
