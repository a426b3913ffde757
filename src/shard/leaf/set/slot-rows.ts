import type { Budget } from '../../../core/budget.js';
import { Bitset } from '../../index/bitset.js';
import { impactOn, type Postings } from '../../index/terms/postings.js';
import { setUnits } from '../views/block.js';
import { eachPart, isLookUpCheaper } from '../words/slot-postings.js';
import type { ViewSlot, ViewText } from '../words/view-text.js';

/**
 * Leaves of `rows` those that meet a slot, by any of its alternatives. Few rows are looked up, many compared
 * with a set. False where the budget was spent first: `rows` means nothing then.
 */
export async function keepSlot(
  rows: Bitset,
  words: ViewText,
  slot: number,
  budget: Budget,
): Promise<boolean> {
  const met = words.numbered[slot];
  if (met === undefined) {
    rows.words.fill(0);
    return true;
  }
  if (isLookUpCheaper(rows.count(), [met])) return keepByLookUp(rows, met, budget);
  const having = await slotRows(words, slot, budget);
  if (having === undefined) return false;
  rows.and(having);
  return !budget.spend(setUnits(rows.size)) || budget.pause();
}

async function keepByLookUp(
  rows: Bitset,
  { alternatives }: ViewSlot,
  budget: Budget,
): Promise<boolean> {
  const units = alternatives.length;
  for (const row of rows.rows()) {
    if (!alternatives.some(({ postings }) => impactOn(postings, row) > 0)) rows.delete(row);
    if (budget.spend(units) && !(await budget.pause())) return false;
  }
  return true;
}

/** The rows that meet a slot, by any of its alternatives, dead ones too; undefined where the budget was spent first. */
export async function slotRows(
  words: ViewText,
  slot: number,
  budget: Budget,
): Promise<Bitset | undefined> {
  const having = new Bitset(words.view.rows);
  for (const { postings } of words.numbered[slot]?.alternatives ?? []) {
    if (!(await addRows(having, postings, budget))) return undefined;
  }
  return having;
}

/** Adds all rows of some postings. False where the budget was spent first. */
async function addRows(set: Bitset, postings: Postings, budget: Budget): Promise<boolean> {
  const { words } = set;
  const { rows } = postings;
  return eachPart(postings, budget, ({ base, rowsAt }, from, to) => {
    for (let i = rowsAt + from; i < rowsAt + to; i++) {
      const row = base + (rows[i] as number);
      words[row >>> 5] = (words[row >>> 5] as number) | (1 << (row & 31));
    }
  });
}
