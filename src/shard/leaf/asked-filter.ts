import type { Budget } from '../../core/budget.js';
import { fieldsOf } from '../../filter/analyse.js';
import type { Filter } from '../../filter/filter.js';
import { listedField } from '../../query/listed-field.js';
import type { Bitset } from '../index/bitset.js';
import type { Column } from '../index/column.js';
import type { SegmentView } from '../index/segment-view.js';
import { filterRows } from './filter-rows.js';

/** A view's columns, by field. */
export type Columns = ReadonlyMap<string, Column>;

/** A search's filter, with what of it is the same for all views. */
export class AskedFilter {
  readonly fields: readonly string[];
  private readonly key: string;
  /** Prices of lists change while a segment's rows stay as they are. */
  private readonly isKept: boolean;

  constructor(private readonly filter: Filter) {
    this.fields = fieldsOf(filter);
    this.key = JSON.stringify(filter);
    this.isKept = this.fields.every((field) => listedField(field) === undefined);
  }

  /**
   * The rows of `view` that match, deleted ones included, in a set of the caller's own; only those of
   * the rows that were looked at, when the budget is spent first.
   */
  async rows(view: SegmentView, columns: Columns, budget: Budget): Promise<Bitset> {
    const cache = this.isKept ? view.matchCache : undefined;
    const known = cache?.get(this.key);
    if (known !== undefined) return known;
    const found = await filterRows(this.filter, view.rows, (field) => columns.get(field), budget);
    if (found.isComplete) cache?.set(this.key, found.rows);
    return found.rows;
  }
}
