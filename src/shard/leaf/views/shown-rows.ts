import type { Budget } from '../../../core/budget.js';
import { beyondNearest, type Choice } from '../../../query/result-set.js';
import { traced } from '../search-trace.js';
import { requiredSlots, type ChosenRows } from '../set/choose.js';
import { hashedRows } from '../set/hashed-rows.js';
import { setRows, type AskedSet, type SetRows } from '../set/set-rows.js';
import type { AskedText } from '../words/asked-text.js';
import { narrow } from '../words/narrow.js';
import { describePart, type Block } from './block.js';
import type { ViewRequest } from './view-request.js';
import { rowsOf, type ViewPart } from './view-task.js';

/** Of each block the rows that any view may show: of the set, not hidden, with all phrases and no excluded word. */
export async function shownRows(
  blocks: readonly Block[],
  request: ViewRequest,
  text: AskedText | undefined,
  chosen: ChosenRows | undefined,
  budget: Budget,
): Promise<ViewPart[]> {
  const { set, choose: choice, hidden, views, exact } = request;
  if (views.length === 0) return [];
  const isOwn = set?.required === undefined && choice !== undefined && chosen !== undefined;
  const asked: AskedSet | undefined = set && {
    required: isOwn ? requiredSlots(choice, chosen.having) : (set.required ?? []),
    members: set.members,
    nearest: isOwn ? chosen.nearest : [],
    beyond: exact ? undefined : isOwn ? beyondOwn(choice, chosen, text) : set.beyond,
  };
  const makeSet = (block: Block, of: AskedSet): Promise<SetRows> =>
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
    const set: SetRows =
      asked === undefined ? { rows: block.rows, near: undefined } : await makeSet(block, asked);
    let { rows } = set;
    if (hidden !== undefined) {
      if (rows === block.rows) rows = rows.copy();
      for (const row of await hashedRows(view, hidden, budget)) rows.delete(row);
    }
    let count = rowsOf({ block, rows });
    if (text !== undefined && count > 0) {
      const all = { mask: rows, count, ranges: undefined };
      ({ mask: rows = rows, count } = await narrow(view, all, text, budget));
    }
    if (count > 0) shown.push({ block, rows, near: set.near });
  }
  return shown;
}

/** Of what this shard, which is the only one, found itself. */
function beyondOwn(
  { nearest: wanted }: Choice,
  { nearest, exact }: ChosenRows,
  text: AskedText | undefined,
): number | undefined {
  // What is named was given no neighbours.
  if (wanted === 0 || exact > 0) return undefined;
  const scores = nearest.map(({ score }) => score);
  return beyondNearest(scores, text?.cutoff ?? -1, wanted);
}
