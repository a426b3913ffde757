import { OmniError } from '../core/errors.js';
import type { Product } from '../core/product.js';
import { catalogueFeed } from '../store/catalogue-pages.js';
import type { StoreReader } from '../store/store.js';

/** A tenant's products as the store has them: all that is acknowledged, searchable or not. */
export class Catalogue {
  constructor(private readonly store: StoreReader) {}

  async count(tenant: string): Promise<number> {
    return (await this.store.usage(tenant)).products;
  }

  /** Which of `fields` at least one product has, by the names that filters go by. */
  knownFields(tenant: string, fields: readonly string[]): Promise<boolean[]> {
    return this.store.knownFields(tenant, fields);
  }

  /**
   * All products, some at a time: one that is written meanwhile comes as it was or as it is. Rejects
   * `unavailable` where so much was deleted meanwhile that the walk would have to begin again.
   */
  async *pages(tenant: string): AsyncGenerator<Product[], void> {
    for await (const { entries, expired } of catalogueFeed(this.store, tenant)) {
      if (expired) throw new OmniError('unavailable', 'the catalogue changed too much meanwhile');
      const ids = entries.filter(({ deleted }) => !deleted).map(({ id }) => id);
      const documents = await this.store.documents(tenant, ids);
      yield documents.flatMap((document) => (document === undefined ? [] : [document.product]));
    }
  }
}
