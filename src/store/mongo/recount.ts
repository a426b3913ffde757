import { digest } from '../../core/ids.js';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import { backOff } from '../../core/retry.js';
import { compareCounts, CountChanges } from '../count-changes.js';
import type { CountDifference } from '../store.js';
import type { Collections, ProductRecord, TenantRecord } from './collections.js';
import { addHashed, readCounts, type Counts } from './counts.js';
import { safeSequence, type Sequence } from './sequence.js';

const PAGE = 1_000;
const MAX_ATTEMPTS = 8;
const BACKOFF_MS = 10;

type Counted = Pick<ProductRecord, 'category' | 'bytes'> & { fields: readonly string[] };

export async function listMiscounted({ tenants }: Collections): Promise<string[]> {
  const found = await tenants.find({ miscounted: true }, { projection: { _id: 1 } }).toArray();
  return found.map(({ _id }) => _id);
}

/**
 * Counts a tenant's products anew and adds what was missing. It follows the feed as a shard does, until
 * it has counted everything at a moment at which nobody writes: what the counts lack then, they lack
 * for good. Rejects `unavailable` when there is no such moment.
 */
export async function recountTenant(
  collections: Collections,
  sequence: Sequence,
  tenant: string,
): Promise<CountDifference[]> {
  const { tenants } = collections;
  const live = new Map<string, Counted>();
  const projection = { sequence: 1, open: 1, products: 1, bytes: 1 };
  let counted = 0;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const record = await tenants.findOne({ _id: tenant }, { projection });
    if (record === null) return [];
    const safe = safeSequence(record);
    await countFurther(collections, tenant, live, counted, safe);
    counted = safe;
    const actual = totals(live.values());
    const stored = await readCounts(collections, tenant);
    const { products, bytes } = record;
    const differences = differencesOf({ ...stored, products, bytes }, actual);
    const given = [collections, sequence, tenant, counted, differences, actual] as const;
    if (record.open.length === 0 && (await putRight(...given))) return differences;
    await backOff(attempt, BACKOFF_MS);
  }
  const message = `the tenant ${tenant} is written all the time: it cannot be counted`;
  throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
}

/** Reads the feed from `counted` to `safe`. */
async function countFurther(
  { products }: Collections,
  tenant: string,
  live: Map<string, Counted>,
  counted: number,
  safe: number,
): Promise<void> {
  for (let from = counted; from < safe;) {
    const page = await products
      .find(
        { tenant, version: { $gt: from, $lt: safe + 1 } },
        {
          projection: { _id: 0, id: 1, version: 1, category: 1, deleted: 1, fields: 1, bytes: 1 },
          sort: { tenant: 1, version: 1 },
          limit: PAGE,
        },
      )
      .toArray();
    for (const { id, category, deleted, fields = [], bytes } of page) {
      if (deleted) live.delete(id);
      else live.set(id, { category, fields, bytes });
    }
    from = page.length < PAGE ? safe : (page.at(-1)?.version ?? safe);
  }
}

/** False, and nothing added, when somebody has written since `counted`. */
async function putRight(
  collections: Collections,
  sequence: Sequence,
  tenant: string,
  counted: number,
  differences: readonly CountDifference[],
  actual: CountChanges,
): Promise<boolean> {
  let last = counted;
  let isRest = true;
  if (differences.length > 0) {
    const nothing = { products: 0, bytes: 0, versions: [] };
    const usage = lacking(differences, 'usage');
    const hashes = [...lacking(differences, 'field')].map(([name, by]): [string, number] => [
      actual.fields.has(name) ? digest(name) : name,
      by,
    ]);
    const counts = { categories: lacking(differences, 'category'), fields: new Map(hashes) };
    last = await sequence.write(tenant, 1, [], async ({ first, scope }) => {
      isRest = first === counted + 1;
      if (!isRest) return nothing;
      await addHashed(collections, tenant, counts, scope);
      const { products = 0, bytes = 0 } = Object.fromEntries(usage);
      return { ...nothing, products, bytes };
    });
  }
  // Set by the callback, which the compiler does not follow.
  if (!(isRest as boolean)) return false;
  // A mark that was made since stays.
  const atRest = { _id: tenant, sequence: last, open: { $size: 0 } };
  await collections.tenants.updateOne(atRest, { $unset: { miscounted: 1, uncounted: 1 } });
  return true;
}

function totals(live: Iterable<Counted>): CountChanges {
  const counts = new CountChanges();
  for (const { category, fields, bytes } of live) counts.product(category, fields, bytes, 1);
  return counts;
}

/** What is stored of counts; of a field that no product has, only the hash is known. */
function differencesOf(
  { products, bytes, categories, fields }: Counts & Pick<TenantRecord, 'products' | 'bytes'>,
  actual: CountChanges,
): CountDifference[] {
  const names = new Map([...actual.fields.keys()].map((name) => [digest(name), name]));
  const named = [...fields].map(([hash, count]): [string, number] => [
    names.get(hash) ?? hash,
    count,
  ]);
  const usage = (of: { products: number; bytes: number }): Map<string, number> =>
    new Map([
      ['products', of.products],
      ['bytes', of.bytes],
    ]);
  return [
    ...compareCounts('category', categories, actual.categories),
    ...compareCounts('field', new Map(named), actual.fields),
    ...compareCounts('usage', usage({ products, bytes }), usage(actual)),
  ];
}

/** What is to be added for a kind, by name. */
function lacking(
  differences: readonly CountDifference[],
  kind: CountDifference['kind'],
): Map<string, number> {
  const own = differences.filter((each) => each.kind === kind);
  return new Map(own.map(({ name, stored, counted }) => [name, counted - stored]));
}
