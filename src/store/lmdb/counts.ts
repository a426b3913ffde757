import type { CategoryCount } from '../store.js';
import type { Bytes, Databases } from './databases.js';
import { tenantEnd, tenantKey, textKey } from './keys.js';
import { readMeta, writeMeta } from './meta.js';
import { decodeCount, encodeCount } from './records.js';

/** Changes to a tenant's counts, gathered over one transaction and written once at its end. */
export class CountChanges {
  private products = 0;
  private readonly categories = new Map<string, number>();
  private readonly fields = new Map<string, number>();

  /** A live product came (`by` 1) or went (`by` -1). */
  product(category: string, fields: readonly string[], by: 1 | -1): void {
    this.products += by;
    increment(this.categories, category, by);
    for (const field of fields) increment(this.fields, field, by);
  }

  /** Within the transaction that changed the products. */
  write(db: Databases, tenant: string): void {
    writeCounts(db.categories, tenant, this.categories);
    writeCounts(db.fields, tenant, this.fields);
    if (this.products !== 0) writeMeta(db, 'products', countProducts(db) + this.products);
  }
}

function increment(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

function writeCounts(database: Bytes, tenant: string, changes: Map<string, number>): void {
  for (const [name, change] of changes) {
    if (change === 0) continue;
    const key = textKey(tenant, name);
    const stored = database.get(key);
    const count = (stored === undefined ? 0 : decodeCount(stored).count) + change;
    if (count === 0) database.removeSync(key);
    else database.putSync(key, encodeCount(count, name));
  }
}

export function countProducts(db: Databases): number {
  return readMeta(db, 'products') ?? 0;
}

export function listCategories(db: Databases, tenant: string): CategoryCount[] {
  const range = db.categories.getRange({ start: tenantKey(tenant), end: tenantEnd(tenant) });
  return Array.from(range, ({ value }) => {
    const { name, count } = decodeCount(value);
    return { category: name, products: count };
  });
}

export function hasField(db: Databases, tenant: string, field: string): boolean {
  return db.fields.doesExist(textKey(tenant, field));
}
