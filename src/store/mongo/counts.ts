import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyBulkWriteOperation } from 'mongodb';
import { digest } from '../../core/ids.js';
import { OmniError } from '../../core/errors.js';
import type { CategoryCount } from '../store.js';
import { keyOf, type Collections, type CountRecord } from './collections.js';
import { duplicateKeys } from './errors.js';
import type { Plan } from './plan.js';

const MAX_ATTEMPTS = 10;
const BACKOFF_MS = 5;

/** Changes to a tenant's counts, gathered over a batch. */
export class CountChanges {
  products = 0;
  private readonly categories = new Map<string, number>();
  private readonly fields = new Map<string, number>();

  /** What `plan`, which was applied, takes away and adds. */
  add({ before, after }: Plan): void {
    if (before?.deleted === false) this.product(before.category, before.fields ?? [], -1);
    if (after?.head.deleted === false) this.product(after.category, after.fields, 1);
  }

  /** Adds them to the stored counts. */
  async write({ counts }: Collections, tenant: string): Promise<void> {
    let operations = [...this.categoryOperations(tenant), ...this.fieldOperations(tenant)];
    for (let attempt = 1; operations.length > 0; attempt++) {
      // Two that make the same record at once: the second is refused, and finds it then.
      const refused = await tryWrite({ counts }, operations);
      operations = operations.filter((_, i) => refused.includes(i));
      if (operations.length === 0) break;
      if (attempt === MAX_ATTEMPTS) throw new OmniError('unavailable', 'counts were contended');
      await sleep(Math.random() * BACKOFF_MS * 2 ** attempt);
    }
    const emptied = [...this.categories].flatMap(([name, by]) =>
      by < 0 ? [categoryKey(tenant, name)] : [],
    );
    if (emptied.length > 0) await counts.deleteMany({ _id: { $in: emptied }, count: 0 });
  }

  private product(category: string, fields: readonly string[], by: 1 | -1): void {
    this.products += by;
    increment(this.categories, category, by);
    for (const field of fields) increment(this.fields, field, by);
  }

  private categoryOperations(tenant: string): AnyBulkWriteOperation<CountRecord>[] {
    return [...this.categories].flatMap(([name, count]) => {
      if (count === 0) return [];
      const $setOnInsert = { tenant, kind: 'category' as const, name };
      return [upsert(categoryKey(tenant, name), { $inc: { count }, $setOnInsert })];
    });
  }

  /** Products may have thousands of attributes between them: many counts share a record. */
  private fieldOperations(tenant: string): AnyBulkWriteOperation<CountRecord>[] {
    const records = new Map<string, Record<string, number>>();
    for (const [name, count] of this.fields) {
      if (count === 0) continue;
      const { record, path } = fieldPlace(tenant, name);
      records.set(record, { ...records.get(record), [path]: count });
    }
    const $setOnInsert = { tenant, kind: 'fields' as const };
    return [...records].map(([record, $inc]) => upsert(record, { $inc, $setOnInsert }));
  }
}

function increment(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

function upsert(_id: string, update: object): AnyBulkWriteOperation<CountRecord> {
  return { updateOne: { filter: { _id }, update, upsert: true } };
}

async function tryWrite(
  { counts }: Pick<Collections, 'counts'>,
  operations: AnyBulkWriteOperation<CountRecord>[],
): Promise<number[]> {
  try {
    await counts.bulkWrite(operations, { ordered: false });
    return [];
  } catch (error) {
    return duplicateKeys(error);
  }
}

function categoryKey(tenant: string, name: string): string {
  return keyOf(tenant, `category/${name}`);
}

/** One of 16 records a tenant, and where in it: names may hold dots, and be long. */
function fieldPlace(tenant: string, name: string): { record: string; path: string; hash: string } {
  const hash = digest(name);
  return { record: keyOf(tenant, `fields/${hash.slice(0, 1)}`), path: `fields.${hash}`, hash };
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
  const places = fields.map((name) => fieldPlace(tenant, name));
  const projection = Object.fromEntries(places.map(({ path }) => [path, 1]));
  const found = await counts
    .find({ _id: { $in: [...new Set(places.map(({ record }) => record))] } }, { projection })
    .toArray();
  const records = new Map(found.map((record) => [record._id, record.fields]));
  return places.map(({ record, hash }) => (records.get(record)?.[hash] ?? 0) > 0);
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
