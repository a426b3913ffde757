import { Budget } from '../../core/budget.js';
import { Deadline } from '../../core/deadline.js';
import { Slices } from '../../core/slices.js';
import { fieldsOf } from '../../filter/analyse.js';
import { Bitset } from '../index/bitset.js';
import type { Column } from '../index/column.js';
import type { Segment } from '../index/segment.js';
import { filterRows } from '../leaf/filter-rows.js';
import type { WarmRule } from './warm-rule.js';

/** Some tens of microseconds of looking at versions; a millisecond where ids are looked for, too. */
const LOOK_EVERY_ROWS = 4_096;
/** Until then a filter over a million rows is through many times. */
const TIMEOUT_MS = 60_000;

/** The live rows of a segment that may be warm by `rule`, in turns of bounded length. */
export async function warmRows(segment: Segment, rule: WarmRule | undefined): Promise<Bitset> {
  if (rule === undefined) return new Bitset(segment.rows);
  const { filter, upTo, found } = rule;
  const columns = new Map<string, Column>();
  for (const field of fieldsOf(filter)) columns.set(field, await segment.readColumn(field));
  const budget = new Budget(Deadline.after(TIMEOUT_MS));
  const { rows } = await filterRows(filter, segment.rows, (name) => columns.get(name), budget);
  const slices = new Slices();
  for (let row = 0; row < segment.rows; row++) {
    if (segment.version(row) > upTo) rows.delete(row);
    else if (found !== undefined && rows.has(row) && found.has(segment.id(row))) rows.delete(row);
    if (row % LOOK_EVERY_ROWS === 0 && slices.isOver) await slices.next();
  }
  return rows.andNot(segment.dead);
}
