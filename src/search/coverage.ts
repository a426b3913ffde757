import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { categoriesOf } from '../filter/analyse.js';
import { partitionRows } from '../placement/balance.js';
import { PartitionMap } from '../store/partition-map.js';
import type { CategoryCount, Partition, StoreReader, TenantPlacement } from '../store/store.js';
import { readInTime } from './failures.js';
import { seenFilter } from './narrowed-request.js';
import type { SearchRun } from './search-run.js';
import type { Coverage, MissingPart } from './search-types.js';

/** Of a catalogue: what its shards were to search, and did not, is missing. */
export function coverageOf(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
  missing: readonly MissingPart[],
): Coverage {
  const lost = missing.filter(({ part }) => part === 'shard');
  const map = new PartitionMap({ partitions });
  const isOn = ({ replicas }: Partition, shard: string | undefined): boolean =>
    replicas.some(({ node }) => node === shard);
  // One without a category is the rest's; where there is none, or all is stale, it is all that the shard has.
  const isOf = (partition: Partition, { shard, category, reason }: MissingPart): boolean => {
    if (category !== undefined) return map.holding(category).includes(partition);
    if (partition.categories === 'rest' || reason === 'stale_index') return true;
    return !partitions.some((each) => each.categories === 'rest' && isOn(each, shard));
  };
  const isMissing = (partition: Partition): boolean =>
    lost.some((part) => isOn(partition, part.shard) && isOf(partition, part));
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

/** What is missing by name: of a rest, which names no category itself, those that it has and that were asked for. */
export function namedParts(
  missing: readonly MissingPart[],
  { partitions }: Pick<TenantPlacement, 'partitions'>,
  counts: readonly CategoryCount[],
  asked: readonly string[] | undefined,
): MissingPart[] {
  const map = new PartitionMap({ partitions });
  const isOn = (category: string, shard: string | undefined): boolean =>
    map
      .holding(category)
      .some(
        ({ categories, replicas }) =>
          categories === 'rest' && replicas.some(({ node }) => node === shard),
      );
  const present = counts.filter(({ category }) => asked?.includes(category) ?? true);
  return missing.flatMap((part) => {
    // What is stale is so with all that the shard has.
    const isNamed = part.category !== undefined || part.reason === 'stale_index';
    if (part.part !== 'shard' || isNamed) return [part];
    const { shard, reason } = part;
    const own = present.filter(({ category }) => isOn(category, shard));
    if (own.length === 0) return [part];
    return own.map(({ category }) => ({ part: 'shard', category, shard, reason }) as MissingPart);
  });
}

/** What an answer lacks. */
export interface Lack {
  missing: MissingPart[];
  /** How much of all it is of; undefined where nothing is missing, or nobody can say. */
  coverage: Coverage | undefined;
}

function withoutCategory({ part, shard, reason }: MissingPart): MissingPart {
  return { part, ...(shard === undefined ? {} : { shard }), reason };
}

/** Rejects `unavailable` where an answer that lacks `missing` is of less than the caller would take. */
export async function checkCoverage(
  { request, shop, deadline }: SearchRun,
  missing: MissingPart[],
  placement: TenantPlacement,
  store: Pick<StoreReader, 'categories'>,
): Promise<Lack> {
  if (missing.length === 0) return { missing, coverage: undefined };
  const isPart = (request.narrowing?.filters.length ?? 0) > 0;
  const reading = store.categories(request.tenant);
  const counting = readInTime(reading, deadline, 'the categories');
  const isAsked = shop.minCoverage > 0 && missing.some(({ part }) => part === 'shard');
  // How much there is of what is hidden, and of what categories, is hidden as well.
  const shown = isPart ? missing.map(withoutCategory) : missing;
  const counts = await (isAsked ? counting : counting.catch(() => undefined));
  if (counts === undefined) return { missing: shown, coverage: undefined };
  const coverage = coverageOf(placement.partitions, counts, missing);
  if (isAsked && coverage.percent < shop.minCoverage) {
    const part = isPart ? 'too few' : `only ${coverage.percent} %`;
    const message = `${part} of the products could be searched, min_coverage is ${shop.minCoverage}`;
    throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
  }
  if (isPart) return { missing: shown, coverage: undefined };
  const asked = categoriesOf(seenFilter(request, request.filter));
  return { missing: namedParts(missing, placement, counts, asked), coverage };
}
