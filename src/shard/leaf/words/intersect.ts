import type { Budget } from '../../../core/budget.js';
import {
  impactOn,
  NO_POSTINGS,
  type PostingRun,
  type Postings,
} from '../../index/terms/postings.js';

/** Units of work of finding a row in another word's postings. */
const FIND_UNITS = 4;

/**
 * The rows that have all of some words, each with the least impact of them. Those of the rows that
 * were looked at when the budget is spent first.
 */
export async function intersect(all: readonly Postings[], budget: Budget): Promise<Postings> {
  const [rarest, ...others] = [...all].sort((a, b) => a.count - b.count);
  if (rarest === undefined) return NO_POSTINGS;
  if (others.length === 0) return rarest;
  const rows = new Uint16Array(rarest.count);
  const impacts = new Uint8Array(rarest.count);
  const runs: PostingRun[] = [];
  let count = 0;
  for (const run of rarest.runs) {
    const at = count;
    for (let i = 0; i < run.count; i++) {
      const place = rarest.rows[run.rowsAt + i] as number;
      let least = rarest.impacts[run.impactsAt + i] as number;
      for (const other of others) least = Math.min(least, impactOn(other, run.base + place));
      if (least === 0) continue;
      rows[count] = place;
      impacts[count++] = least;
      if (budget.spend(others.length * FIND_UNITS) && !(await budget.pause())) break;
    }
    if (count > at) runs.push({ base: run.base, rowsAt: at, impactsAt: at, count: count - at });
    if (budget.isSpent()) break;
  }
  return count === 0 ? NO_POSTINGS : { count, rows, impacts, runs };
}
