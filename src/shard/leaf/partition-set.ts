import { HASH_END } from '../../core/ids.js';
import type { CategoryRange } from '../index/segment-reader.js';
import type { SegmentView } from '../index/segment-view.js';

/** Ids' hashes [from, to). */
export interface HashRange {
  from: number;
  to: number;
}

/** What a set of partitions selects of a segment's categories. */
export interface SelectedRanges {
  /** The categories with a selected row; undefined when that is all of them. */
  ranges: readonly CategoryRange[] | undefined;
  /** Of some category only some hashes are selected. */
  isCut: boolean;
}

/** All hashes of a category. */
export const WHOLE: readonly HashRange[] = [{ from: 0, to: HASH_END }];

/**
 * The partitions that a search is about. What it selects of a segment is worked out once: the same
 * set serves every search until the placement changes.
 */
export class PartitionSet {
  private readonly byCategory = new Map<string, readonly HashRange[]>();
  private readonly bySegment = new WeakMap<readonly CategoryRange[], SelectedRanges>();

  /** @param hashesOf the hashes of a category that the partitions hold; none or several ranges */
  constructor(private readonly hashesOf: (category: string) => readonly HashRange[]) {}

  /** The selected hashes of a category, as few ranges as may be. */
  of(category: string): readonly HashRange[] {
    let hashes = this.byCategory.get(category);
    if (hashes === undefined) {
      hashes = joined(this.hashesOf(category));
      this.byCategory.set(category, hashes);
    }
    return hashes;
  }

  /** Of a segment, whose rows are sorted by category. */
  rangesOf(ranges: readonly CategoryRange[]): SelectedRanges {
    let known = this.bySegment.get(ranges);
    if (known === undefined) {
      const selected = ranges.filter(({ category }) => this.of(category).length > 0);
      known = {
        ranges: selected.length === ranges.length ? undefined : selected,
        isCut: selected.some(({ category }) => !isWhole(this.of(category))),
      };
      this.bySegment.set(ranges, known);
    }
    return known;
  }

  /** Whether all rows of a write buffer are selected. */
  hasAllOf({ categoryCodes }: SegmentView): boolean {
    return categoryCodes?.names.every((name) => isWhole(this.of(name))) ?? true;
  }
}

export function isWithin(hash: number, hashes: readonly HashRange[]): boolean {
  return hashes.some(({ from, to }) => hash >= from && hash < to);
}

export function isWhole(hashes: readonly HashRange[]): boolean {
  return hashes === WHOLE;
}

/** Ranges that touch made one. */
function joined(hashes: readonly HashRange[]): readonly HashRange[] {
  const joint: HashRange[] = [];
  for (const { from, to } of [...hashes].sort((a, b) => a.from - b.from)) {
    const last = joint.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else joint.push({ from, to });
  }
  const [first] = joint;
  return first?.from === 0 && first.to === HASH_END ? WHOLE : joint;
}
