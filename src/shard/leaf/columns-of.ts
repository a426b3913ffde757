import type { Budget } from '../../core/budget.js';
import type { Column } from '../index/column.js';
import type { SegmentView } from '../index/segment-view.js';
import type { Columns } from './asked-filter.js';

const NO_COLUMNS: Columns = new Map();

/**
 * The columns of each view. Those in memory are taken in this turn: a write buffer's are then of the
 * rows that the view has. Others are read one by one, and not all when the budget is spent first.
 */
export async function columnsOf(
  views: readonly SegmentView[],
  fields: readonly string[],
  budget: Budget,
): Promise<Columns[]> {
  const found = views.map((view) => view.loadedColumns(fields));
  const missing = views.filter((_, i) => found[i] === undefined);
  if (missing.length === 0) return found.map((columns) => columns ?? NO_COLUMNS);
  const read = new Map<SegmentView, Map<string, Column>>();
  for (const view of missing) {
    const columns = new Map<string, Column>();
    read.set(view, columns);
    for (const field of fields) {
      const column = await view.column(field);
      if (column !== undefined) columns.set(field, column);
      if (!(await budget.pause())) break;
    }
  }
  return views.map((view, i) => found[i] ?? read.get(view) ?? NO_COLUMNS);
}
