import type { Budget } from '../../../core/budget.js';
import {
  letterSignature,
  nearWords,
  type NearWord,
  type Vocabulary,
} from '../../../text/near-words.js';
import type { SegmentView } from '../../index/segment-view.js';
import type { TermsReader } from '../../index/terms/terms-reader.js';
import { Growing } from '../../index/columns/growing.js';

/** Words looked at between two looks at the budget. */
const SLICE_WORDS = 16_384;
/** Words of which the signature is made meanwhile: each is read from the dictionary. */
const SLICE_READ = 2_048;
/** Units of work of reading a word. */
export const READ_UNITS = 8;

/** Four bytes a word, made when the first near spelling is looked for. */
const known = new WeakMap<TermsReader, Growing<Uint32Array>>();

/** Words of a view that are spelt nearly as `word`, by their numbers; some, when the budget is spent. */
export async function spellingsIn(
  { terms }: SegmentView,
  word: string,
  maxDistance: number,
  budget: Budget,
): Promise<NearWord[]> {
  const signatures = known.get(terms) ?? new Growing(Uint32Array);
  known.set(terms, signatures);
  const { firstWord } = terms;
  while (firstWord + signatures.length < terms.size) {
    let left = SLICE_READ;
    for (const next of terms.words(firstWord + signatures.length)) {
      signatures.push(letterSignature(next));
      left -= 1;
      if (left === 0) break;
    }
    if (budget.spend(SLICE_READ * READ_UNITS) && !(await budget.pause())) return [];
  }
  const vocabulary: Vocabulary = {
    size: signatures.length,
    word: (index) => terms.wordOf(firstWord + index),
    signatures: signatures.view,
  };
  const near: NearWord[] = [];
  for (let from = 0; from < vocabulary.size; from += SLICE_WORDS) {
    const to = Math.min(vocabulary.size, from + SLICE_WORDS);
    for (const one of nearWords(vocabulary, word, maxDistance, from, to)) {
      near.push({ ...one, index: firstWord + one.index });
    }
    if (budget.spend(to - from) && !(await budget.pause())) break;
  }
  return near;
}
