import { entriesOf } from '../core/price-entries.js';
import type { FullRow } from '../store/catalogue-pages.js';
import type { StoredRow } from '../store/store.js';
import { vectorText } from './lines.js';

/** What price lists say of a product, by their names: their numbers are a store's own. */
export type NamedPrices = Record<string, { price?: number; in_stock?: boolean }>;

/**
 * A product's line in an export for another deployment. `names`: of price lists, by number; what a removed list says stays
 * behind.
 */
export function productLine({ row, head }: FullRow, names: ReadonlyMap<number, string>): string {
  const { json, product, model, vectors, prices } = row;
  const { feedVersion: version, contentHash, embedHash } = head;
  const listed = namedPrices(prices, names);
  const rest = JSON.stringify({
    ...{ content_hash: contentHash, embed_hash: embedHash, model },
    // A rollback takes it from a product that says another.
    ...(version === (product['version'] ?? undefined) ? {} : { feed_version: version ?? null }),
    vector: vectorText(vectors.text),
    ...(listed === undefined ? {} : { prices: listed }),
  });
  return `{"product":${json.toString()},${rest.slice(1)}`;
}

/** What lists say of a product, by name in order; undefined: none says anything. */
export function namedPrices(
  packed: StoredRow['prices'],
  names: ReadonlyMap<number, string>,
): NamedPrices | undefined {
  const named = [...entriesOf(packed)].flatMap(([list, { price, inStock }]) => {
    const name = names.get(list);
    const entry = {
      ...(price === undefined ? {} : { price }),
      ...(inStock === undefined ? {} : { in_stock: inStock }),
    };
    return name === undefined ? [] : [[name, entry] as const];
  });
  if (named.length === 0) return undefined;
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}
