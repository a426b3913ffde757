import type { FacetCounts } from '../query/result-set.js';
import { compareValues } from '../query/sort.js';
import type { FacetReply, FacetRequest } from './search-types.js';

type Value = FacetCounts['values'][number];

/** Sums of figures that came from any number of shards, in any order, are the same up to here. */
const SUM_DIGITS = 12;

/** One facet's counts over all shards: their products are different ones. */
export function mergeFacets(parts: readonly FacetCounts[]): FacetCounts {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const counts = new Map<Value, number>();
  for (const part of parts) {
    part.values.forEach((value, i) => {
      counts.set(value, (counts.get(value) ?? 0) + (part.counts[i] as number));
    });
  }
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || compareValues(a, b));
  const ranges = only?.ranges?.map((_, i) =>
    parts.reduce((sum, part) => sum + (part.ranges?.[i] ?? 0), 0),
  );
  const stats = mergeStats(parts.flatMap((part) => part.stats ?? []));
  return {
    values: sorted.map(([value]) => value),
    counts: sorted.map(([, count]) => count),
    other: parts.reduce((sum, { other }) => sum + other, 0),
    distinct: sorted.length,
    ...(stats === undefined ? {} : { stats }),
    ...(ranges === undefined ? {} : { ranges }),
  };
}

/** As it is answered: so many values by name, the others in a sum; ranges in the order asked, zeros kept. */
export function facetReply(
  { field, limit, ranges }: FacetRequest,
  { values, counts, other, distinct, stats, ranges: inRanges }: FacetCounts,
): FacetReply {
  const rest = counts.slice(limit).reduce((sum, count) => sum + count, 0);
  const named = values.slice(0, limit).map((value, i) => ({ value, count: counts[i] as number }));
  return {
    ...{ field, distinct },
    values:
      ranges?.map(({ label, ...range }, i) => ({
        value: label ?? nameOf(range),
        ...range,
        count: inRanges?.[i] ?? 0,
      })) ?? named,
    other: ranges === undefined ? other + rest : 0,
    stats: stats && {
      min: stats.min,
      max: stats.max,
      avg: rounded(stats.sum / stats.count),
      sum: rounded(stats.sum),
    },
  };
}

type Stats = NonNullable<FacetCounts['stats']>;

function mergeStats(parts: readonly Stats[]): Stats | undefined {
  if (parts.length === 0) return undefined;
  return parts.reduce((a, b) => ({
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    sum: a.sum + b.sum,
    count: a.count + b.count,
  }));
}

/** `10-50`, `10-` and `-50`. */
function nameOf({ from, to }: { from?: number; to?: number }): string {
  return `${from ?? ''}-${to ?? ''}`;
}

function rounded(sum: number): number {
  return Number(sum.toPrecision(SUM_DIGITS));
}
