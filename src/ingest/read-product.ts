import { entryOf, NO_PRICES, pricedProduct } from '../core/price-entries.js';
import type { JsonObject, Product } from '../core/product.js';
import type { StoreReader } from '../store/store.js';
import { shownProduct } from '../tenancy/narrowed-catalogue.js';
import type { Narrowing } from '../tenancy/narrowing.js';
import { noSuchList } from '../tenancy/price-lists.js';
import type { IngestDeps } from './ports.js';
import { noSuchProduct } from './single-write.js';
import { validId } from './validate-product.js';

interface Wanted {
  fields: readonly string[] | undefined;
  narrowing: Narrowing | undefined;
}

/**
 * A product as sent, with what the price list of `narrowing` says in place of its own. `fields` picks some of its
 * fields; `vector` is only there when it is named, at unit length. Rejects `not_found`, and `invalid_field` for a list
 * that there is not.
 */
export async function readProduct(
  { store, priceLists }: Pick<IngestDeps, 'store' | 'priceLists'>,
  tenant: string,
  id: string,
  { fields, narrowing }: Wanted,
): Promise<JsonObject> {
  const own = await readWhole(store, tenant, validId(id), fields?.includes('vector') ?? false);
  const { priceList } = narrowing ?? {};
  const known = priceList === undefined ? own : await underList(own, priceList);
  const whole = shownProduct(narrowing, known);
  if (whole === undefined) throw noSuchProduct(id);
  if (fields === undefined) return whole;
  const picked = fields.flatMap((field) => {
    const value = Object.hasOwn(whole, field) ? whole[field] : undefined;
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(picked);

  async function underList(product: Product, name: string): Promise<Product> {
    const list = await priceLists.find(tenant, name);
    if (list === undefined) throw noSuchList(name);
    const [found] = await store.prices(tenant, [id]);
    const entry = entryOf(found?.prices ?? NO_PRICES, list);
    return entry === undefined ? product : pricedProduct(product, entry);
  }
}

async function readWhole(
  store: StoreReader,
  tenant: string,
  id: string,
  withVector: boolean,
): Promise<Product> {
  if (withVector) {
    const [row] = await store.rows(tenant, [id]);
    if (row === undefined) throw noSuchProduct(id);
    return { ...row.product, vector: [...row.vectors.text] };
  }
  const [document] = await store.documents(tenant, [id]);
  if (document === undefined) throw noSuchProduct(id);
  return document.product;
}
