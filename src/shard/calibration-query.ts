import type { Partition } from '../store/store.js';
import type { RepeatQuery } from './exact-repeat.js';
import type { Segment } from './segment.js';
import type { TenantIndex } from './tenant-index.js';

/** What a node asks for ten hits: some more, to refill what its join drops. */
const K = 16;
/** Every so many repeats one is within a category that has a graph of its own. */
const CATEGORY_EVERY = 3;

/**
 * A search by the vector of a stored row, drawn from the segments that have a graph, each by its
 * number of rows: over everything, or, for every third `turn`, over a category with a graph.
 * Undefined when there is no graph.
 */
export function calibrationQuery(
  index: TenantIndex,
  partitions: readonly Partition[],
  turn: number,
  random: () => number,
): RepeatQuery | undefined {
  const segments = index.segments.filter(({ graph }) => graph !== undefined);
  const segment = pick(segments, random);
  if (segment === undefined) return undefined;
  const ranges = segment.ranges.filter(({ graph }) => graph !== undefined);
  const range = turn % CATEGORY_EVERY === 0 ? pickOne(ranges, random) : undefined;
  const { from, to } = range ?? { from: 0, to: segment.rows };
  const row = from + Math.floor(random() * (to - from));
  const asked =
    range === undefined
      ? partitions
      : partitions.filter(({ category }) => category === range.category);
  const vector = segment.vectors.view(row).slice();
  return { vector, filter: undefined, partitions: asked, k: K, floor: -Infinity };
}

function pick(segments: readonly Segment[], random: () => number): Segment | undefined {
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  let at = Math.floor(random() * rows);
  return segments.find((segment) => (at -= segment.rows) < 0);
}

function pickOne<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)];
}
