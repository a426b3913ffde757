import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareCounts, increment } from '../count-changes.js';
import { filterFieldNames } from '../../core/product-fields.js';
import type { CountDifference } from '../store.js';
import { countProducts, writeCounts } from './counts.js';
import type { Databases } from './databases.js';
import { tenantEnd, tenantKey } from './keys.js';
import { writeMeta } from './meta.js';
import type { Table } from './table.js';
import { decodeTenant, newTenant, readTenant, writeTenant } from './tenant.js';
import { decodeCount, decodeDocument, decodeHead } from './values.js';

const PAGE_VALUES = 200;

type Transaction = ReturnType<Databases['root']['useReadTransaction']>;
type Counts = Map<string, number>;

/**
 * What is counted wrongly, all as of one snapshot, read in turns. Writes add and take exactly what
 * they change, so a difference stays as it is while others write.
 */
export async function findDifferences(db: Databases, tenant: string): Promise<CountDifference[]> {
  const transaction = db.root.useReadTransaction();
  try {
    const usage: Counts = new Map();
    const categories: Counts = new Map();
    const fields: Counts = new Map();
    await walk(db.heads, tenant, transaction, (value) => {
      const { deleted, category, documentBytes, vectorBytes } = decodeHead(value);
      if (deleted) return;
      increment(usage, 'products', 1);
      increment(usage, 'bytes', documentBytes + vectorBytes);
      increment(categories, category, 1);
    });
    await walk(db.documents, tenant, transaction, (value) => {
      for (const name of filterFieldNames(decodeDocument(value).product))
        increment(fields, name, 1);
    });
    usage.set('categories', categories.size);
    usage.set('fields', fields.size);
    const stored = async (table: Table): Promise<Counts> => {
      const counts: Counts = new Map();
      await walk(table, tenant, transaction, (value) => {
        const { name, count } = decodeCount(value);
        counts.set(name, count);
      });
      return counts;
    };
    let state = newTenant();
    await walk(db.tenants, tenant, transaction, (value) => (state = decodeTenant(value)));
    const names = ['products', 'bytes', 'categories', 'fields'] as const;
    return [
      ...compareCounts('usage', new Map(names.map((name) => [name, state[name]])), usage),
      ...compareCounts('category', await stored(db.categories), categories),
      ...compareCounts('field', await stored(db.fields), fields),
    ];
  } finally {
    transaction.done();
  }
}

/** Within a write transaction. */
export function putRight(
  db: Databases,
  tenant: string,
  differences: readonly CountDifference[],
): void {
  const state = readTenant(db, tenant);
  for (const { kind, name, stored, counted } of differences) {
    const by = counted - stored;
    if (kind === 'usage') {
      state[name as 'products' | 'bytes' | 'categories' | 'fields'] += by;
      if (name === 'products') writeMeta(db, 'products', Math.max(0, countProducts(db) + by));
      continue;
    }
    const table = kind === 'category' ? db.categories : db.fields;
    writeCounts(table, tenant, new Map([[name, by]]));
  }
  writeTenant(db, tenant, state);
}

async function walk(
  table: Table,
  tenant: string,
  transaction: Transaction,
  visit: (value: Buffer) => void,
): Promise<void> {
  let start: Buffer | undefined = tenantKey(tenant);
  while (start !== undefined) {
    const range = { start, end: tenantEnd(tenant), limit: PAGE_VALUES, transaction };
    let last: Buffer | undefined;
    let read = 0;
    for (const key of table.keys(range)) {
      last = key;
      read += 1;
    }
    for (const { value } of table.entries(range)) visit(value);
    start = last === undefined || read < PAGE_VALUES ? undefined : after(last);
    await nextTurn();
  }
}

function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}
