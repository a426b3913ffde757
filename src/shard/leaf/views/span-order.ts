import { compareBytes } from '../../../core/ids.js';
import type { After, SortKey, SortValue } from '../../../query/sort.js';
import type { Columns } from '../asked-filter.js';
import type { Column } from '../../index/column.js';
import type { SegmentView } from '../../index/segment-view.js';
import { KeyRanks, type RowSpan } from './key-ranks.js';
import type { RowScores } from './row-scores.js';
import type { RowOrder } from './top-rows.js';

/** The sort key that is the score. */
export const SCORE = '_score';

/** One key within a span of rows. */
interface SpanKey {
  /** Smaller comes first. */
  of(row: number): number;
  valueOf(row: number): SortValue;
  /** The place of the hit behind which a search goes on. */
  after: number;
}

/** The order of a span's rows under some sort keys, ties by id. */
export class SpanOrder implements RowOrder {
  private readonly keys: readonly SpanKey[];

  /** @param scores undefined where no key is the score */
  constructor(
    private readonly view: SegmentView,
    span: RowSpan,
    columns: Columns,
    sort: readonly SortKey[],
    private readonly after: After | undefined,
    scores: RowScores | undefined,
  ) {
    this.keys = sort.map((key, i) => {
      const value = after?.keys[i] ?? null;
      if (key.field !== SCORE) return columnKey(columns.get(key.field) ?? [], key, span, value);
      if (scores === undefined) throw new Error('an order by scores without scores');
      return scoreKey(scores, key, value);
    });
  }

  first(row: number): number {
    return this.keys[0]?.of(row) ?? 0;
  }

  compare(a: number, b: number): number {
    for (let i = 1; i < this.keys.length; i++) {
      const key = this.keys[i] as SpanKey;
      const difference = key.of(a) - key.of(b);
      if (difference !== 0) return difference;
    }
    return this.view.compareIds(a, b);
  }

  /** Whether a row comes behind where the search goes on. */
  isBehind(row: number): boolean {
    if (this.after === undefined) return true;
    for (const key of this.keys) {
      const difference = key.of(row) - key.after;
      if (difference !== 0) return difference > 0;
    }
    return compareBytes(this.view.id(row), this.after.id) > 0;
  }

  valuesOf(row: number): SortValue[] {
    return this.keys.map((key) => key.valueOf(row));
  }
}

function columnKey(column: Column, key: SortKey, span: RowSpan, after: SortValue): SpanKey {
  const keyRanks = new KeyRanks(column, key, span);
  const { ranks } = keyRanks;
  const { from } = span;
  return {
    of: (row) => ranks[row - from] as number,
    valueOf: (row) => keyRanks.valueOf(ranks[row - from] as number),
    after: keyRanks.rankOf(after),
  };
}

/** Each score is worked out when it is first asked for: often another key decides. */
function scoreKey(scores: RowScores, { order }: SortKey, after: SortValue): SpanKey {
  const sign = order === 'desc' ? -1 : 1;
  const known = new Map<number, number>();
  const of = (row: number): number => {
    let score = known.get(row);
    if (score === undefined) {
      score = sign * scores.score(row);
      known.set(row, score);
    }
    return score;
  };
  return { of, valueOf: (row) => sign * of(row), after: sign * Number(after) };
}
