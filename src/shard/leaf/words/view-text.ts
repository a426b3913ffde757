import type { Budget } from '../../../core/budget.js';
import type { SegmentView } from '../../index/segment-view.js';
import { impactOn, NO_POSTINGS, rowsOf, type Postings } from '../../index/terms/postings.js';
import type { AskedText } from './asked-text.js';
import { intersect } from './intersect.js';

/** An alternative of which a view has all words. */
interface ViewAlternative {
  postings: Postings;
  /** What it adds to a row's sum, by its impact. */
  scores: Float64Array;
}

/** A slot that some rows of a view meet. */
export interface ViewSlot {
  alternatives: readonly ViewAlternative[];
}

/** A search's words as one view has them. */
export class ViewText {
  private constructor(
    readonly view: SegmentView,
    readonly asked: AskedText,
    /** In the query's order; those that no row meets are left out: they add nothing. */
    readonly slots: readonly ViewSlot[],
    /** The same by their number in the query. */
    readonly numbered: readonly (ViewSlot | undefined)[],
    /** Rows that match exactly, dead ones included, with what that adds. */
    readonly exact: ReadonlyMap<number, number>,
  ) {}

  static async of(view: SegmentView, asked: AskedText, budget: Budget): Promise<ViewText> {
    const numbered: (ViewSlot | undefined)[] = [];
    for (const { alternatives } of asked.slots) {
      const met: ViewAlternative[] = [];
      for (const { words, scores } of alternatives) {
        const all = postingsOf(view, words);
        if (all === undefined) continue;
        const postings = await intersect(all, budget);
        if (postings.count > 0) met.push({ postings, scores });
      }
      numbered.push(met.length === 0 ? undefined : { alternatives: met });
    }
    const slots = numbered.filter((slot) => slot !== undefined);
    return new ViewText(view, asked, slots, numbered, await exactRows(view, asked, budget));
  }

  /** The text score of a row, from its postings: the same as by walking them all. */
  scoreOf(row: number): number {
    let sum = 0;
    for (const { alternatives } of this.slots) {
      let best = 0;
      for (const { postings, scores } of alternatives) {
        best = Math.max(best, scores[impactOn(postings, row)] as number);
      }
      sum += best;
    }
    return this.asked.score(sum);
  }

  exactScoreOf(row: number): number {
    return this.exact.get(row) ?? 0;
  }
}

/** The postings of all words; undefined where the view does not know one of them. */
export function postingsOf(view: SegmentView, words: readonly string[]): Postings[] | undefined {
  const all: Postings[] = [];
  for (const word of words) {
    const number = view.terms.numberOf(word);
    if (number === -1) return undefined;
    all.push(view.postings(number));
  }
  return all;
}

async function exactRows(
  view: SegmentView,
  { keys }: AskedText,
  budget: Budget,
): Promise<ReadonlyMap<number, number>> {
  const exact = new Map<number, number>();
  for (const { key, score } of keys) {
    const [postings = NO_POSTINGS] = postingsOf(view, [key]) ?? [];
    for (const row of rowsOf(postings)) {
      if (!exact.has(row)) exact.set(row, score);
      if (budget.spend(1) && !(await budget.pause())) return exact;
    }
  }
  return exact;
}
