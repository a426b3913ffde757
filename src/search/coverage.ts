import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { HASH_END } from '../core/ids.js';
import { namedCategories } from '../store/partition-map.js';
import type { CategoryCount, Partition, StoreReader, TenantPlacement } from '../store/store.js';
import { readInTime } from './failures.js';
import type { SearchRun } from './search-run.js';
import type { MissingPart } from './search-types.js';

/** How much of a catalogue an answer is of, in percent: what its shards were to search, and did not, is missing. */
function coverage(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
  missing: readonly MissingPart[],
): number {
  const all = counts.reduce((sum, { products }) => sum + products, 0);
  if (all === 0) return missing.length === 0 ? 100 : 0;
  const own = new Set(
    partitions.flatMap(({ categories }) => (categories === 'rest' ? [] : categories)),
  );
  const productsOf = ({ categories, from, to }: Partition): number => {
    const isHere = ({ category }: CategoryCount): boolean =>
      categories === 'rest' ? !own.has(category) : categories.includes(category);
    const here = counts.filter(isHere).reduce((sum, { products }) => sum + products, 0);
    return (here * (to - from)) / HASH_END;
  };
  const isMissing = (partition: Partition): boolean =>
    missing.some(
      ({ shard, category }) =>
        partition.replicas.some(({ node }) => node === shard) &&
        (category === undefined || namedCategories(partition).includes(category)),
    );
  const lost = partitions.filter(isMissing).reduce((sum, part) => sum + productsOf(part), 0);
  return 100 * (1 - lost / all);
}

/** Rejects `unavailable` where less was searched than the caller would take. */
export async function checkCoverage(
  { request, shop, deadline }: SearchRun,
  missing: readonly MissingPart[],
  { partitions }: TenantPlacement,
  store: Pick<StoreReader, 'categories'>,
): Promise<void> {
  const lost = missing.filter(({ part }) => part === 'shard');
  if (shop.minCoverage === 0 || lost.length === 0) return;
  const counts = await readInTime(store.categories(request.tenant), deadline, 'the categories');
  const percent = coverage(partitions, counts, lost);
  if (percent >= shop.minCoverage) return;
  const found = Math.floor(percent * 10) / 10;
  const message = `only ${found} % of the products could be searched, min_coverage is ${shop.minCoverage}`;
  throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
}
