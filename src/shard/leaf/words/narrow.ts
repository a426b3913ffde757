import type { Budget } from '../../../core/budget.js';
import { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import { rowsOf, type Postings } from '../../index/terms/postings.js';
import { liveMask, type Selection } from '../selection.js';
import type { AskedText } from './asked-text.js';
import { intersect } from './intersect.js';
import { postingsOf } from './view-text.js';

/** Units of work of reading a row's sequence. */
export const SEQUENCE_UNITS = 16;
/** Rows of a set of bits that are looked at for one. */
const ROWS_A_UNIT = 256;
/** Where there was no time to find out what is left. */
const NONE: Selection = { mask: new Bitset(0), ranges: [], count: 0 };

/** Of the selected rows those that have every phrase and no excluded word; none where the budget is spent first. */
export async function narrow(
  view: SegmentView,
  selection: Selection,
  { phrases, excluded }: AskedText,
  budget: Budget,
): Promise<Selection> {
  if (phrases.length === 0 && excluded.length === 0) return selection;
  const mask = liveMask(view, selection);
  // To make a set, and to take it from another.
  const setUnits = view.rows / ROWS_A_UNIT;
  for (const word of excluded) {
    const [postings] = postingsOf(view, [word]) ?? [];
    if (postings !== undefined) mask.andNot(setOf(view, postings));
    if (budget.spend(setUnits + (postings?.count ?? 0)) && !(await budget.pause())) return NONE;
  }
  for (const phrase of phrases) {
    mask.and(await withPhrase(view, phrase, mask, budget));
    if (budget.spend(setUnits) && !(await budget.pause())) return NONE;
  }
  return { ...selection, mask, count: mask.count() };
}

function setOf(view: SegmentView, postings: Postings): Bitset {
  const set = new Bitset(view.rows);
  for (const row of rowsOf(postings)) set.add(row);
  return set;
}

/** The rows of `among` in whose title or brand the words stand side by side. */
async function withPhrase(
  view: SegmentView,
  phrase: readonly string[],
  among: Bitset,
  budget: Budget,
): Promise<Bitset> {
  const found = new Bitset(view.rows);
  const words = phrase.map((word) => view.terms.numberOf(word));
  if (words.includes(-1)) return found;
  const candidates = await intersect(postingsOf(view, phrase) ?? [], budget);
  for (const row of rowsOf(candidates)) {
    if (!among.has(row)) continue;
    if (standsIn(view.terms.sequence(row), words)) found.add(row);
    if (budget.spend(SEQUENCE_UNITS) && !(await budget.pause())) return found;
  }
  return found;
}

/** Whether `words` stand side by side in a sequence. */
export function standsIn(sequence: readonly number[], words: readonly number[]): boolean {
  const last = sequence.length - words.length;
  for (let at = 0; at <= last; at++) {
    let length = 0;
    while (length < words.length && sequence[at + length] === words[length]) length += 1;
    if (length === words.length) return true;
  }
  return false;
}
