import type { Budget } from '../../../core/budget.js';
import type { Bitset } from '../../index/bitset.js';
import { traced } from '../search-trace.js';
import { requiredSlots, type ChosenRows } from '../set/choose.js';
import { hashedRows } from '../set/hashed-rows.js';
import { setRows, type AskedSet } from '../set/set-rows.js';
import type { AskedText } from '../words/asked-text.js';
import { narrow } from '../words/narrow.js';
import { describePart, type Block } from './block.js';
import type { ViewRequest } from './view-request.js';
import type { ViewPart } from './view-task.js';

/** Of each block the rows that any view may show: of the set, not hidden, with all phrases and no excluded word. */
export async function shownRows(
  blocks: readonly Block[],
  request: ViewRequest,
  text: AskedText | undefined,
  chosen: ChosenRows | undefined,
  budget: Budget,
): Promise<ViewPart[]> {
  const { set, choose: choice, hidden, views } = request;
  if (views.length === 0) return [];
  const isOwn = set?.required === undefined && choice !== undefined && chosen !== undefined;
  const asked: AskedSet | undefined = set && {
    required: isOwn ? requiredSlots(choice, chosen.having) : (set.required ?? []),
    members: set.members,
    nearest: isOwn ? chosen.nearest : [],
  };
  const makeSet = (block: Block, of: AskedSet): Promise<Bitset> =>
    traced(
      request.trace,
      () => describePart(block, 'set', block.rows),
      budget,
      () => setRows(block, of, budget),
    );
  const shown: ViewPart[] = [];
  for (const block of blocks) {
    if (budget.isSpent()) break;
    const { view } = block;
    const rows = asked === undefined ? block.rows.copy() : await makeSet(block, asked);
    if (hidden !== undefined) {
      for (const row of await hashedRows(view, hidden, budget)) rows.delete(row);
    }
    let count = rows.count();
    let mask = rows;
    if (text !== undefined && count > 0) {
      const all = { mask: rows, count, ranges: undefined };
      ({ mask = rows, count } = await narrow(view, all, text, budget));
    }
    if (count > 0) shown.push({ block, rows: mask });
  }
  return shown;
}
