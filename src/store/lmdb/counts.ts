import type { CountChanges } from '../count-changes.js';
import type { CategoryCount } from '../store.js';
import type { Databases } from './databases.js';
import { tenantEnd, tenantKey, textKey } from './keys.js';
import { readMeta, writeMeta } from './meta.js';
import type { Table } from './table.js';
import type { TenantState } from './tenant.js';
import { decodeCount, encodeCount } from './values.js';

/** Within the transaction that changed the products. `state` is left to be written. */
export function addCounts(
  db: Databases,
  tenant: string,
  state: TenantState,
  { products, bytes, categories, fields }: CountChanges,
): void {
  state.categories += writeCounts(db.categories, tenant, categories);
  state.fields += writeCounts(db.fields, tenant, fields);
  state.products += products;
  state.bytes += bytes;
  if (products !== 0) writeMeta(db, 'products', countProducts(db) + products);
}

/** Within a write transaction. Returns by how many names there are more. */
export function writeCounts(
  table: Table,
  tenant: string,
  changes: ReadonlyMap<string, number>,
): number {
  let names = 0;
  for (const [name, change] of changes) {
    if (change === 0) continue;
    const key = textKey(tenant, name);
    const stored = table.get(key);
    const before = stored === undefined ? 0 : decodeCount(stored).count;
    const count = Math.max(0, before + change);
    if (count === 0) table.remove(key);
    else table.put(key, encodeCount(count, name));
    names += Math.sign(count) - Math.sign(before);
  }
  return names;
}

export function countProducts(db: Databases): number {
  return readMeta(db, 'products') ?? 0;
}

export function listCategories(db: Databases, tenant: string): CategoryCount[] {
  const range = db.categories.entries({ start: tenantKey(tenant), end: tenantEnd(tenant) });
  return Array.from(range, ({ value }) => {
    const { name, count } = decodeCount(value);
    return { category: name, products: count };
  });
}

export function hasField(db: Databases, tenant: string, field: string): boolean {
  return db.fields.has(textKey(tenant, field));
}
