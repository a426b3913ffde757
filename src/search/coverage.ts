import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { partitionRows } from '../placement/balance.js';
import { namedCategories } from '../store/partition-map.js';
import type { CategoryCount, Partition, StoreReader, TenantPlacement } from '../store/store.js';
import { readInTime } from './failures.js';
import type { SearchRun } from './search-run.js';
import type { Coverage, MissingPart } from './search-types.js';

/** Of a catalogue: what its shards were to search, and did not, is missing. */
export function coverageOf(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
  missing: readonly MissingPart[],
): Coverage {
  const lost = missing.filter(({ part }) => part === 'shard');
  const isMissing = (partition: Partition): boolean =>
    lost.some(
      ({ shard, category }) =>
        partition.replicas.some(({ node }) => node === shard) &&
        (category === undefined || namedCategories(partition).includes(category)),
    );
  const rows = partitionRows(partitions, counts);
  const unsearched = partitions.reduce(
    (sum, partition, i) => (isMissing(partition) ? sum + (rows[i] ?? 0) : sum),
    0,
  );
  const of = counts.reduce((sum, { products }) => sum + products, 0);
  const documents = Math.max(0, of - unsearched);
  if (of === 0) return { documents, of, percent: lost.length === 0 ? 100 : 0 };
  return { documents, of, percent: Math.floor((1_000 * documents) / of) / 10 };
}

/**
 * How much an answer that misses something is of; undefined where nothing is missing, or nobody can say.
 * Rejects `unavailable` where that is less than the caller would take.
 */
export async function checkCoverage(
  { request, shop, deadline }: SearchRun,
  missing: readonly MissingPart[],
  { partitions }: TenantPlacement,
  store: Pick<StoreReader, 'categories'>,
): Promise<Coverage | undefined> {
  if (missing.length === 0) return undefined;
  const reading = store.categories(request.tenant);
  const counting = readInTime(reading, deadline, 'the categories');
  const isAsked = shop.minCoverage > 0 && missing.some(({ part }) => part === 'shard');
  const counts = await (isAsked ? counting : counting.catch(() => undefined));
  const coverage = counts && coverageOf(partitions, counts, missing);
  if (!isAsked || coverage === undefined || coverage.percent >= shop.minCoverage) return coverage;
  const message = `only ${coverage.percent} % of the products could be searched, min_coverage is ${shop.minCoverage}`;
  throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
}
