import { MOST_IMPACT, partOf, type Slot, type TextQuery } from '../../../query/text-query.js';
import { KEY_MARK } from '../../index/terms/terms-reader.js';

/** What an exact match adds, by the mark of its key: an id, an identifier, a code in the title. */
const EXACT_SCORES = [
  ['3', 3],
  ['2', 2],
  ['1', 1],
] as const;

/** One way to meet a slot, and what it adds by the least impact of its words, 0 to 255. */
export interface AskedAlternative {
  words: readonly string[];
  weight: number;
  scores: Float64Array;
}

export interface AskedSlot {
  alternatives: readonly AskedAlternative[];
}

/**
 * The words of a search, with what is the same for all views: what each adds to a row's sum by its
 * impact. Every path adds these same numbers in the order of the slots, so that a row's score is the
 * same to the last bit, wherever it lies and whatever proposed it.
 */
export class AskedText {
  readonly slots: readonly AskedSlot[];
  /** A row's text score is its sum divided by this: of one that has all words in full it is 0.75. */
  readonly total: number;
  /** Keys of exact matches, the greatest score first. */
  readonly keys: readonly { key: string; score: number }[];
  readonly phrases: readonly (readonly string[])[];
  readonly excluded: readonly string[];
  /** From this cosine on a row counts that has none of the words. */
  readonly cutoff: number;

  constructor(query: TextQuery) {
    const { slots, phrases = [], excluded = [], exactKey, cutoff = -Infinity } = query;
    this.slots = slots.map(askedSlot);
    this.total = slots.reduce((sum, { idf }) => sum + idf, 0);
    const key = exactKey ?? '';
    this.keys =
      key === ''
        ? []
        : EXACT_SCORES.map(([mark, score]) => ({ key: KEY_MARK + mark + key, score }));
    this.phrases = phrases;
    this.excluded = excluded;
    this.cutoff = cutoff;
  }

  /** The text score of a row's sum. */
  score(sum: number): number {
    return sum === 0 ? 0 : sum / this.total;
  }
}

function askedSlot({ idf, alternatives }: Slot): AskedSlot {
  return {
    alternatives: alternatives.map(({ words, weight }) => {
      const scores = new Float64Array(MOST_IMPACT + 1);
      for (let impact = 1; impact <= MOST_IMPACT; impact++) {
        scores[impact] = partOf(idf, weight, impact);
      }
      return { words, weight, scores };
    }),
  };
}
