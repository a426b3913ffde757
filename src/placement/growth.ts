import type { CategoryCount, Partition } from '../store/store.js';
import { partitionRows } from './balance.js';
import { areTogether, canBeHalved, canBeOne, categoriesKey } from './reshape.js';

export interface GrowthBounds {
  /** Rows of the rest past which its largest categories become partitions; 0: each category is one. */
  partitionRows: number;
  /** Rows of a partition past which it is halved. */
  rangeRows: number;
  /** Of a tenant. */
  maxPartitions: number;
}

/** One change of a tenant's partitions. */
export type GrowthStep =
  | { kind: 'cut'; categories: readonly string[] }
  | { kind: 'halve'; partition: Partition }
  /** Becomes one partition; `mover` lies elsewhere where they are not together yet. */
  | { kind: 'join'; stayer: Partition; mover: Partition };

/** A category of less than this part of `partitionRows` is not worth a partition. */
const LEAST_PART = 1 / 20;
/** What was cut comes back when it would be less than this part of what has it cut. */
const BACK_PART = 1 / 2;

/**
 * What brings a tenant's partitions closest to the bounds, undefined where they are within. Taken again and
 * again it comes to an end: what it joins is half of what it would cut. What is pinned stays as it is.
 */
export function nextStep(
  partitions: readonly Partition[],
  counts: readonly CategoryCount[],
  bounds: GrowthBounds,
): GrowthStep | undefined {
  const rows = partitionRows(partitions, counts);
  const sized = partitions.map((partition, i) => ({ partition, rows: rows[i] ?? 0 }));
  return cut(sized, counts, bounds) ?? halve(sized, bounds) ?? join(sized, bounds, partitions);
}

interface Sized {
  partition: Partition;
  rows: number;
}

function cut(
  sized: readonly Sized[],
  counts: readonly CategoryCount[],
  { partitionRows: bound, maxPartitions }: GrowthBounds,
): GrowthStep | undefined {
  const rests = sized.filter(({ partition }) => partition.categories === 'rest');
  let left = sum(rests);
  if (bound === 0 || left <= bound || rests.some(isPinned)) return undefined;
  const named = new Set(sized.flatMap(({ partition: { categories } }) => categories));
  const largest = counts
    .filter(({ category, products }) => !named.has(category) && products >= bound * LEAST_PART)
    .sort((a, b) => b.products - a.products);
  const room = Math.floor((maxPartitions - sized.length) / rests.length);
  const categories: string[] = [];
  for (const { category, products } of largest.slice(0, Math.max(0, room))) {
    if (left <= bound * BACK_PART) break;
    categories.push(category);
    left -= products;
  }
  return categories.length === 0 ? undefined : { kind: 'cut', categories };
}

function halve(
  sized: readonly Sized[],
  { rangeRows, maxPartitions }: GrowthBounds,
): GrowthStep | undefined {
  if (sized.length >= maxPartitions) return undefined;
  const [largest] = sized
    .filter((one) => one.rows > rangeRows && !isPinned(one) && canBeHalved(one.partition))
    .sort((a, b) => b.rows - a.rows);
  return largest && { kind: 'halve', partition: largest.partition };
}

/** The two that are least together. */
function join(
  sized: readonly Sized[],
  bounds: GrowthBounds,
  all: readonly Partition[],
): GrowthStep | undefined {
  let best: { pair: [Sized, Sized]; rows: number } | undefined;
  for (const pair of pairs(sized.filter((one) => !isPinned(one) && !isApart(one)))) {
    const [a, b] = pair;
    if (!canBeOne(a.partition, b.partition, all)) continue;
    const isCut = categoriesKey(a.partition) !== categoriesKey(b.partition);
    const bound = isCut ? bounds.partitionRows : bounds.rangeRows;
    const rows = a.rows + b.rows;
    if (rows > bound * BACK_PART || rows >= (best?.rows ?? Infinity)) continue;
    best = { pair, rows };
  }
  if (best === undefined) return undefined;
  const [a, b] = best.pair;
  // The rest stays, so that what is cut out of it time and again comes back to one place.
  const isMover = b.partition.categories === 'rest' || (!isRest(a) && b.rows > a.rows);
  const [stayer, mover] = isMover ? [b, a] : [a, b];
  return { kind: 'join', stayer: stayer.partition, mover: mover.partition };
}

function isPinned({ partition }: Sized): boolean {
  return partition.isPinned === true;
}

function isApart({ partition }: Sized): boolean {
  return partition.isApart === true;
}

function isRest({ partition }: Sized): boolean {
  return partition.categories === 'rest';
}

/** Those that may be one: each with the rest, and ranges with the next one of the same categories. */
function* pairs(sized: readonly Sized[]): Generator<[Sized, Sized]> {
  const rests = sized.filter(isRest);
  for (const each of sized) {
    if (!isRest(each)) for (const rest of rests) yield [rest, each];
  }
  const key = ({ partition }: Sized): string => categoriesKey(partition);
  const ordered = sized.toSorted((a, b) =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.partition.from - b.partition.from,
  );
  for (let i = 1; i < ordered.length; i++) {
    const [a, b] = [ordered[i - 1], ordered[i]];
    if (a !== undefined && b !== undefined && key(a) === key(b)) yield [a, b];
  }
}

function sum(sized: readonly Sized[]): number {
  return sized.reduce((total, { rows }) => total + rows, 0);
}

/** Whether a step can be done at once: nothing of what it is about is under way. */
export function isReadyFor(step: GrowthStep, partitions: readonly Partition[]): boolean {
  switch (step.kind) {
    case 'cut':
      return partitions.filter(({ categories }) => categories === 'rest').every(isAtRest);
    case 'halve':
      return isAtRest(step.partition);
    case 'join':
      return areTogether(step.stayer, step.mover);
  }
}

export function isAtRest({ replicas }: Partition): boolean {
  return replicas.every(({ state }) => state === 'serving');
}
