import type { Budget } from '../../../core/budget.js';
import type { PostingRun, Postings } from '../../index/terms/postings.js';
import type { ViewSlot } from './view-text.js';

/** Postings that are walked in the time in which a row is looked up in one list of them. */
const LOOK_UP_FACTOR = 16;
/** Postings walked between two looks at the budget. */
const PART_POSTINGS = 16_384;

export function postingsOfSlot({ alternatives }: ViewSlot): number {
  return alternatives.reduce((sum, { postings }) => sum + postings.count, 0);
}

/** Whether it takes less to look `rows` rows up in all lists of the slots than to walk those. */
export function isLookUpCheaper(rows: number, slots: readonly ViewSlot[]): boolean {
  const postings = slots.reduce((sum, slot) => sum + postingsOfSlot(slot), 0);
  const lists = slots.reduce((sum, { alternatives }) => sum + alternatives.length, 0);
  return rows * lists * LOOK_UP_FACTOR < postings;
}

/** Works on postings [from, to) of each run, piece by piece. False where the budget was spent first. */
export async function eachPart(
  { runs }: Postings,
  budget: Budget,
  work: (run: PostingRun, from: number, to: number) => void,
): Promise<boolean> {
  for (const run of runs) {
    for (let from = 0; from < run.count; from += PART_POSTINGS) {
      const to = Math.min(run.count, from + PART_POSTINGS);
      work(run, from, to);
      if (budget.spend(to - from) && !(await budget.pause())) return false;
    }
  }
  return true;
}
