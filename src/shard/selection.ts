import type { Partition } from '../store/store.js';
import { Bitset } from './bitset.js';
import type { Block, CategoryCodes, CategoryRange } from './block.js';
import type { Column } from './column.js';
import { filterRows } from './filter-rows.js';
import type { AskedFilter } from './match-cache.js';
import { HASH_END } from '../core/ids.js';

/** Which rows of a block a query may return. */
export interface Selection {
  /** How many live rows match. */
  count: number;
  /** The matching live rows; undefined when every live row of `ranges` (or of the block) does. */
  mask: Bitset | undefined;
  /** The categories asked for, where the block is sorted; undefined when that is all of them. */
  ranges: readonly CategoryRange[] | undefined;
}

/** The live rows of `block` in `partitions` that match the filter asked for. */
export function select(
  block: Block,
  partitions: readonly Partition[],
  asked: AskedFilter | undefined,
  columns: ReadonlyMap<string, Column>,
): Selection {
  const inPartitions = selectPartitions(block, partitions);
  if (asked === undefined) return inPartitions;
  const evaluate = (): Bitset =>
    filterRows(asked.filter, block.rows, (field) => columns.get(field));
  const mask = block.matchCache?.rows(asked, evaluate) ?? evaluate();
  const held = sized(block.dead, block.rows);
  mask.andNot(held);
  if (inPartitions.mask !== undefined) mask.and(inPartitions.mask);
  else if (inPartitions.ranges !== undefined) {
    mask.and(rangesMask(block.rows, inPartitions.ranges));
  }
  return { count: mask.count(), mask, ranges: inPartitions.ranges };
}

type PartitionsOf = ReadonlyMap<string, readonly Partition[]>;

function selectPartitions(block: Block, partitions: readonly Partition[]): Selection {
  const byCategory = groupByCategory(partitions);
  if (block.categoryCodes !== undefined) {
    return selectFromTail(block, block.categoryCodes, byCategory);
  }
  const held = block.ranges ?? [];
  const ranges = held.filter(({ category }) => byCategory.has(category));
  const isCut = ranges.some(({ category }) => !isWhole(byCategory.get(category) ?? []));
  const all = ranges.length === held.length;
  if (isCut) {
    const mask = cutMask(block, ranges, byCategory).andNot(block.dead);
    return { count: mask.count(), mask, ranges: all ? undefined : ranges };
  }
  if (all) return { count: block.rows - block.deadCount, mask: undefined, ranges: undefined };
  let count = 0;
  for (const { from, to } of ranges) count += to - from - block.dead.count(from, to);
  return { count, mask: undefined, ranges };
}

function groupByCategory(partitions: readonly Partition[]): PartitionsOf {
  const byCategory = new Map<string, Partition[]>();
  for (const partition of partitions) {
    const parts = byCategory.get(partition.category);
    if (parts === undefined) byCategory.set(partition.category, [partition]);
    else parts.push(partition);
  }
  return byCategory;
}

function selectFromTail(
  block: Block,
  { names, codes }: CategoryCodes,
  byCategory: PartitionsOf,
): Selection {
  const parts = names.map((name) => byCategory.get(name) ?? []);
  const whole = parts.map(isWhole);
  if (whole.every(Boolean)) {
    return { count: block.rows - block.deadCount, mask: undefined, ranges: undefined };
  }
  const mask = new Bitset(block.rows);
  for (let row = 0; row < block.rows; row++) {
    const code = codes[row] as number;
    const wanted = whole[code] === true || inAnyRange(block.hash(row), parts[code] ?? []);
    if (wanted && !block.dead.has(row)) mask.add(row);
  }
  return { count: mask.count(), mask, ranges: undefined };
}

function isWhole(partitions: readonly Partition[]): boolean {
  return partitions.some(({ from, to }) => from === 0 && to === HASH_END);
}

function inAnyRange(hash: number, partitions: readonly Partition[]): boolean {
  return partitions.some(({ from, to }) => hash >= from && hash < to);
}

function cutMask(block: Block, ranges: readonly CategoryRange[], byCategory: PartitionsOf): Bitset {
  const mask = new Bitset(block.rows);
  for (const { category, from, to } of ranges) {
    const parts = byCategory.get(category) ?? [];
    for (let row = from; row < to; row++) if (inAnyRange(block.hash(row), parts)) mask.add(row);
  }
  return mask;
}

function rangesMask(rows: number, ranges: readonly CategoryRange[]): Bitset {
  const mask = new Bitset(rows);
  for (const { from, to } of ranges) mask.addRange(from, to);
  return mask;
}

/** A tail's bitmap has room for rows to come. */
function sized(set: Bitset, rows: number): Bitset {
  return set.size === rows ? set : new Bitset(rows, set.words.subarray(0, (rows + 31) >>> 5));
}
