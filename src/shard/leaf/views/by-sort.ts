import type { Budget } from '../../../core/budget.js';
import { compareBytes } from '../../../core/ids.js';
import { compareSorted, type After, type SortKey, type SortValue } from '../../../query/sort.js';
import type { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import type { Block } from './block.js';
import { spansOf, type RowSpan } from './key-ranks.js';
import type { RowScores } from './row-scores.js';
import { SpanOrder } from './span-order.js';
import { TopRows } from './top-rows.js';

/** A row with what it is sorted by. */
export interface SortedRow {
  view: SegmentView;
  row: number;
  id: string;
  keys: readonly SortValue[];
}

/** Rows looked at between two looks at the budget. */
const SLICE_ROWS = 8_192;
/** Rows of which the ranks are made in the time of one that is looked at. */
const RANKED_A_UNIT = 4;
/** Units of work of reading a row's value of one key. */
const READ_UNITS = 64;

/**
 * The first `k` rows of all blocks under some sort keys. Within a span of rows, of which a field has one
 * dictionary, codes are compared; the first of each span are merged by their values.
 */
export class SortedTop {
  private best: SortedRow[] = [];
  /** Rows that come behind where the search goes on. */
  behind = 0;

  constructor(
    private readonly sort: readonly SortKey[],
    private readonly after: After | undefined,
    private readonly k: number,
    private readonly budget: Budget,
  ) {}

  get rows(): readonly SortedRow[] {
    return this.best;
  }

  /** @param scores undefined where no key is the score */
  async add({ view, columns }: Block, rows: Bitset, scores: RowScores | undefined): Promise<void> {
    const { sort, after, budget } = this;
    const ofKeys = sort.map(({ field }) => columns.get(field));
    for (const span of spansOf(view.rows, ofKeys)) {
      if (rows.count(span.from, span.to) === 0) continue;
      const order = new SpanOrder(view, span, columns, sort, after, scores);
      const units = ((span.to - span.from) * sort.length) / RANKED_A_UNIT;
      if (budget.spend(units) && !(await budget.pause())) return;
      const top = await this.topOf(span, rows, order);
      const found: SortedRow[] = [];
      for (const row of top.sorted()) {
        found.push({ view, row, id: view.id(row), keys: order.valuesOf(row) });
        if (budget.spend(READ_UNITS * sort.length) && !(await budget.pause())) break;
      }
      this.merge(found);
    }
  }

  private async topOf({ from, to }: RowSpan, rows: Bitset, order: SpanOrder): Promise<TopRows> {
    const { budget, after } = this;
    const top = new TopRows(this.k, order);
    for (let at = from; at < to; at += SLICE_ROWS) {
      const slice = rows.rows(at, Math.min(to, at + SLICE_ROWS));
      for (const row of slice) {
        if (after !== undefined && !order.isBehind(row)) continue;
        this.behind += 1;
        const first = order.first(row);
        if (first <= top.worst) top.offer(row, first);
      }
      if (budget.spend(slice.length) && !(await budget.pause())) break;
    }
    return top;
  }

  private merge(more: readonly SortedRow[]): void {
    const { best, k, sort } = this;
    const merged: SortedRow[] = [];
    for (let i = 0, j = 0; merged.length < k;) {
      const [a, b] = [best[i], more[j]];
      if (a === undefined && b === undefined) break;
      const isFirst = b === undefined || (a !== undefined && comesBefore(a, b, sort));
      merged.push((isFirst ? a : b) as SortedRow);
      if (isFirst) i += 1;
      else j += 1;
    }
    this.best = merged;
  }
}

function comesBefore(a: SortedRow, b: SortedRow, sort: readonly SortKey[]): boolean {
  return (compareSorted(sort, a.keys, b.keys) || compareBytes(a.id, b.id)) < 0;
}
