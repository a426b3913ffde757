import { backOff } from '../../core/retry.js';
import type { AnyBulkWriteOperation } from 'mongodb';
import { digest } from '../../core/ids.js';
import { OmniError } from '../../core/errors.js';
import { CountChanges } from '../count-changes.js';
import type { CategoryCount, TenantUsage } from '../store.js';
import { keyOf, type Collections, type CountRecord } from './collections.js';
import { duplicateKeys } from './errors.js';
import { storedBytes, type Plan } from './plan.js';
import type { Scope } from './sequence.js';

const MAX_ATTEMPTS = 10;
const BACKOFF_MS = 5;

/** What plans that were applied take away and add. */
export function changesOf(plans: readonly Pick<Plan, 'before' | 'after'>[]): CountChanges {
  const changes = new CountChanges();
  for (const { before, after } of plans) {
    if (before?.deleted === false) {
      changes.product(before.category, before.fields ?? [], before.bytes, -1);
    }
    if (after?.head.deleted === false) {
      changes.product(after.category, after.fields, storedBytes(after, before), 1);
    }
  }
  return changes;
}

/** How many products have a category, and, by its hash, a field. */
export interface Counts {
  categories: ReadonlyMap<string, number>;
  fields: ReadonlyMap<string, number>;
}

export async function addCounts(
  collections: Collections,
  tenant: string,
  { categories, fields }: CountChanges,
  scope: Scope = {},
): Promise<void> {
  await addHashed(collections, tenant, { categories, fields: byHash(fields) }, scope);
}

/** In an order that all writers keep, so that no two wait for each other. */
export async function addHashed(
  { counts }: Collections,
  tenant: string,
  { categories, fields }: Counts,
  scope: Scope = {},
): Promise<void> {
  let operations = [...categoryOperations(tenant, categories), ...fieldOperations(tenant, fields)];
  for (let attempt = 1; operations.length > 0; attempt++) {
    // Two that make the same record at once: the second is refused, and finds it then.
    const refused = await tryWrite({ counts }, operations, scope);
    operations = operations.filter((_, i) => refused.includes(i));
    if (operations.length === 0) break;
    if (attempt === MAX_ATTEMPTS) throw new OmniError('unavailable', 'counts were contended');
    await backOff(attempt, BACKOFF_MS);
  }
  const emptied = sorted(categories).flatMap(([name, by]) =>
    by < 0 ? [{ deleteOne: { filter: { _id: categoryKey(tenant, name), count: 0 } } }] : [],
  );
  if (emptied.length > 0) await counts.bulkWrite(emptied, { ordered: false, ...scope });
}

function categoryOperations(
  tenant: string,
  categories: Counts['categories'],
): AnyBulkWriteOperation<CountRecord>[] {
  return sorted(categories).map(([name, count]) => {
    const $setOnInsert = { kind: 'category' as const, name };
    return upsert(tenant, categoryKey(tenant, name), { $inc: { count }, $setOnInsert });
  });
}

/** Products may have thousands of attributes between them: many counts share a record. */
function fieldOperations(
  tenant: string,
  fields: Counts['fields'],
): AnyBulkWriteOperation<CountRecord>[] {
  const records = new Map<string, Record<string, number>>();
  for (const [hash, count] of sorted(fields)) {
    const { record, path } = fieldPlace(tenant, hash);
    records.set(record, { ...records.get(record), [path]: count });
  }
  const $setOnInsert = { kind: 'fields' as const };
  return sorted(records).map(([record, $inc]) => upsert(tenant, record, { $inc, $setOnInsert }));
}

/** By name, without those that stay as they are. */
function sorted<T>(named: ReadonlyMap<string, T>): [string, T][] {
  return [...named].filter(([, value]) => value !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * With the tenant in its filter: of two that make the same record at once, some servers let the second
 * replace the first's where a filter has nothing but `_id`.
 */
function upsert(tenant: string, _id: string, update: object): AnyBulkWriteOperation<CountRecord> {
  return { updateOne: { filter: { _id, tenant }, update, upsert: true } };
}

async function tryWrite(
  { counts }: Pick<Collections, 'counts'>,
  operations: AnyBulkWriteOperation<CountRecord>[],
  scope: Scope,
): Promise<number[]> {
  try {
    await counts.bulkWrite(operations, { ordered: false, ...scope });
    return [];
  } catch (error) {
    // In a transaction it has undone everything.
    if (scope.session !== undefined) throw error;
    return duplicateKeys(error);
  }
}

function categoryKey(tenant: string, name: string): string {
  return keyOf(tenant, `category/${name}`);
}

/** One of 16 records a tenant, and where in it: names may hold dots, and be long. */
function fieldPlace(tenant: string, hash: string): { record: string; path: string } {
  return { record: keyOf(tenant, `fields/${hash.slice(0, 1)}`), path: `fields.${hash}` };
}

function byHash(fields: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...fields].map(([name, count]) => [digest(name), count]));
}

export async function readCounts({ counts }: Collections, tenant: string): Promise<Counts> {
  const found = await counts.find({ tenant }).toArray();
  const categories = found.flatMap(({ kind, name = '', count = 0 }): [string, number][] =>
    kind === 'category' ? [[name, count]] : [],
  );
  const fields = found.flatMap((record) => Object.entries(record.fields ?? {}));
  return { categories: new Map(categories), fields: new Map(fields) };
}

export async function listCategories(
  { counts }: Collections,
  tenant: string,
): Promise<CategoryCount[]> {
  const kind = 'category';
  const found = await counts
    .find({ tenant, kind, count: { $gt: 0 } }, { projection: { _id: 0, name: 1, count: 1 } })
    .toArray();
  return found.map(({ name = '', count = 0 }) => ({ category: name, products: count }));
}

/** Which of `fields` a live product has. */
export async function knownFields(
  { counts }: Collections,
  tenant: string,
  fields: readonly string[],
): Promise<boolean[]> {
  const hashes = fields.map((name) => digest(name));
  const places = hashes.map((hash) => fieldPlace(tenant, hash));
  const projection = Object.fromEntries(places.map(({ path }) => [path, 1]));
  const found = await counts
    .find({ _id: { $in: [...new Set(places.map(({ record }) => record))] } }, { projection })
    .toArray();
  const records = new Map(found.map((record) => [record._id, record.fields]));
  return places.map(({ record }, i) => (records.get(record)?.[hashes[i] ?? ''] ?? 0) > 0);
}

/** Of a tenant's live products. */
export async function readUsage(collections: Collections, tenant: string): Promise<TenantUsage> {
  const { counts, tenants } = collections;
  const [record, categories, fields] = await Promise.all([
    tenants.findOne({ _id: tenant }, { projection: { products: 1, bytes: 1 } }),
    counts.countDocuments({ tenant, kind: 'category', count: { $gt: 0 } }),
    counts.find({ tenant, kind: 'fields' }, { projection: { fields: 1 } }).toArray(),
  ]);
  const live = fields.flatMap((each) => Object.values(each.fields ?? {})).filter((n) => n > 0);
  const { products = 0, bytes = 0 } = record ?? {};
  return { products, categories, fields: live.length, bytes };
}

/**
 * Live products over all tenants. A writer that died may have left its last batch uncounted; whether
 * there is anything at all is certain.
 */
export async function countProducts({ tenants, products }: Collections): Promise<number> {
  const options = { projection: { products: 1 }, hint: '_id_' } as const;
  const found = await tenants.find({}, options).toArray();
  const sum = found.reduce((total, tenant) => total + tenant.products, 0);
  if (sum > 0) return sum;
  for (const { _id: tenant } of found) {
    const filter = { tenant, version: { $gt: 0 }, deleted: false };
    if ((await products.findOne(filter, { projection: { _id: 1 } })) !== null) return 1;
  }
  return 0;
}
