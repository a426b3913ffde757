import { setTimeout as sleep } from 'node:timers/promises';
import { OmniError } from '../../core/errors.js';
import type { CategoryCount } from '../store.js';
import { keyOf, type Collections, type CountRecord } from './collections.js';
import { duplicateKeys } from './errors.js';
import type { Plan } from './plan.js';

type Kind = CountRecord['kind'];

const MAX_ATTEMPTS = 10;
const BACKOFF_MS = 5;

/** Changes to a tenant's counts, gathered over a batch. */
export class CountChanges {
  products = 0;
  private readonly changes = new Map<string, Omit<CountRecord, '_id' | 'tenant'>>();

  /** What `plan`, which was applied, takes away and adds. */
  add({ before, after }: Plan): void {
    if (before?.deleted === false) this.product(before.category, before.fields ?? [], -1);
    if (after?.head.deleted === false) this.product(after.category, after.fields, 1);
  }

  /** Adds them to the stored counts. */
  async write({ counts }: Collections, tenant: string): Promise<void> {
    let changes = [...this.changes.values()].filter(({ count }) => count !== 0);
    const emptied = changes.filter(({ count }) => count < 0).map((c) => countKey(tenant, c));
    for (let attempt = 1; changes.length > 0; attempt++) {
      // Two that make the same record at once: the second is refused, and finds it then.
      const refused = await this.tryWrite({ counts }, tenant, changes);
      changes = changes.filter((_, i) => refused.includes(i));
      if (changes.length === 0) break;
      if (attempt === MAX_ATTEMPTS) throw new OmniError('unavailable', 'counts were contended');
      await sleep(Math.random() * BACKOFF_MS * 2 ** attempt);
    }
    if (emptied.length > 0) await counts.deleteMany({ _id: { $in: emptied }, count: 0 });
  }

  private async tryWrite(
    { counts }: Pick<Collections, 'counts'>,
    tenant: string,
    changes: readonly Omit<CountRecord, '_id' | 'tenant'>[],
  ): Promise<number[]> {
    const operations = changes.map(({ kind, name, count }) => ({
      updateOne: {
        filter: { _id: countKey(tenant, { kind, name }) },
        update: { $inc: { count }, $setOnInsert: { tenant, kind, name } },
        upsert: true,
      },
    }));
    try {
      await counts.bulkWrite(operations, { ordered: false });
      return [];
    } catch (error) {
      return duplicateKeys(error);
    }
  }

  private product(category: string, fields: readonly string[], by: 1 | -1): void {
    this.products += by;
    this.change('category', category, by);
    for (const field of fields) this.change('field', field, by);
  }

  private change(kind: Kind, name: string, by: number): void {
    const key = `${kind}/${name}`;
    const count = (this.changes.get(key)?.count ?? 0) + by;
    this.changes.set(key, { kind, name, count });
  }
}

function countKey(tenant: string, { kind, name }: Pick<CountRecord, 'kind' | 'name'>): string {
  return keyOf(tenant, `${kind}/${name}`);
}

export async function listCategories(
  { counts }: Collections,
  tenant: string,
): Promise<CategoryCount[]> {
  const kind = 'category';
  const found = await counts
    .find({ tenant, kind, count: { $gt: 0 } }, { projection: { _id: 0, name: 1, count: 1 } })
    .toArray();
  return found.map(({ name, count }) => ({ category: name, products: count }));
}

/** Which of `fields` a live product has. */
export async function knownFields(
  { counts }: Collections,
  tenant: string,
  fields: readonly string[],
): Promise<boolean[]> {
  const keys = fields.map((name) => countKey(tenant, { kind: 'field', name }));
  const found = await counts
    .find({ _id: { $in: keys }, count: { $gt: 0 } }, { projection: { _id: 1 } })
    .toArray();
  const known = new Set(found.map(({ _id }) => _id));
  return keys.map((key) => known.has(key));
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
