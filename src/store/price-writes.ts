import { entriesOf, type PackedPrices, type PriceEntry } from '../core/price-entries.js';
import type { PriceWrite } from './store.js';

/** What has price lists say of a product what `wanted` has, where they say `there`. */
export function priceWrites(id: string, wanted: PackedPrices, there: PackedPrices): PriceWrite[] {
  const said = new Map(entriesOf(wanted));
  const known = new Map(entriesOf(there));
  const lists = [...new Set([...said.keys(), ...known.keys()])];
  return lists
    .filter((list) => !isSame(said.get(list), known.get(list)))
    .map((list) => ({ op: 'price', id, list, entry: said.get(list) }));
}

function isSame(a: PriceEntry | undefined, b: PriceEntry | undefined): boolean {
  return a?.price === b?.price && a?.inStock === b?.inStock;
}
