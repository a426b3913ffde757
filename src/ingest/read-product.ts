import type { JsonObject } from '../core/product.js';
import type { StoreReader } from '../store/store.js';
import { noSuchProduct } from './single-write.js';
import { validId } from './validate-product.js';

/**
 * A product as sent. `fields` picks some of its fields; `vector` is only there when it is named, at
 * unit length. Rejects `not_found`.
 */
export async function readProduct(
  store: StoreReader,
  tenant: string,
  id: string,
  fields: readonly string[] | undefined,
): Promise<JsonObject> {
  const whole = await readWhole(store, tenant, validId(id), fields?.includes('vector') ?? false);
  if (fields === undefined) return whole;
  const picked = fields.flatMap((field) => {
    const value = Object.hasOwn(whole, field) ? whole[field] : undefined;
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(picked);
}

async function readWhole(
  store: StoreReader,
  tenant: string,
  id: string,
  withVector: boolean,
): Promise<JsonObject> {
  if (withVector) {
    const [row] = await store.rows(tenant, [id]);
    if (row === undefined) throw noSuchProduct(id);
    return { ...row.product, vector: [...row.vectors.text] };
  }
  const [document] = await store.documents(tenant, [id]);
  if (document === undefined) throw noSuchProduct(id);
  return document.product;
}
