import type { Budget } from '../../../core/budget.js';
import { Bitset } from '../../index/bitset.js';
import { impactOn, type Postings } from '../../index/terms/postings.js';
import { setUnits } from '../views/block.js';
import type { ViewSlot, ViewText } from '../words/view-text.js';

/** Postings that are walked in the time in which a row is looked up in one list of them. */
const LOOK_UP_FACTOR = 16;
/** Postings walked between two looks at the budget. */
const PART_POSTINGS = 16_384;

/** What it takes to look a row up in all alternatives of a slot, and how many postings these have. */
export function postingsOfSlot({ alternatives }: ViewSlot): number {
  return alternatives.reduce((sum, { postings }) => sum + postings.count, 0);
}

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
  const count = rows.count();
  const lookUps = count * met.alternatives.length * LOOK_UP_FACTOR;
  if (lookUps < postingsOfSlot(met)) return keepByLookUp(rows, met, budget);
  const having = new Bitset(rows.size);
  for (const { postings } of met.alternatives) {
    if (!(await addRows(having, postings, budget))) return false;
  }
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

/** Adds all rows of some postings. False where the budget was spent first. */
async function addRows(set: Bitset, { rows, runs }: Postings, budget: Budget): Promise<boolean> {
  const { words } = set;
  for (const { base, rowsAt, count } of runs) {
    for (let from = 0; from < count; from += PART_POSTINGS) {
      const to = Math.min(count, from + PART_POSTINGS);
      for (let i = rowsAt + from; i < rowsAt + to; i++) {
        const row = base + (rows[i] as number);
        words[row >>> 5] = (words[row >>> 5] as number) | (1 << (row & 31));
      }
      if (budget.spend(to - from) && !(await budget.pause())) return false;
    }
  }
  return true;
}
