import type { ProductTerms } from '../../text/product-terms.js';
import type { SegmentView } from '../index/segment-view.js';
import { impactOn } from '../index/terms/postings.js';
import { BORDER, KEY_MARK } from '../index/terms/terms-reader.js';

/** Postings of a word of the tail that are walked for one row. */
const MOST_WALKED = 256;

/**
 * Whether `row` has the words, keys and types that its product gives. What it has besides would be found
 * only by reading all postings; a row that is wrong as a whole is told by its sequence. In the tail the
 * postings of a word are a list that is walked from its end, so there a common word needs only be known.
 */
export function hasTerms(view: SegmentView, row: number, terms: ProductTerms): boolean {
  const { words, impacts, keys } = terms;
  return (
    hasSequence(view, row, terms.sequence) &&
    hasTypes(view, row, terms.types) &&
    words.every((word, i) => hasWord(view, row, word, impacts[i] as number)) &&
    keys.every((key) => hasWord(view, row, KEY_MARK + key, 1))
  );
}

function hasSequence({ terms }: SegmentView, row: number, wanted: readonly string[]): boolean {
  const held = terms.sequence(row);
  if (held.length !== wanted.length) return false;
  return held.every((word, i) => (word === BORDER ? '' : terms.wordOf(word)) === wanted[i]);
}

function hasTypes({ terms }: SegmentView, row: number, wanted: Uint32Array): boolean {
  const bytes = new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength);
  return Buffer.compare(terms.typesOf(terms.typeSet(row)), bytes) === 0;
}

function hasWord(view: SegmentView, row: number, word: string, impact: number): boolean {
  const number = view.terms.numberOf(word);
  if (number === -1) return false;
  const isLong = view.ranges === undefined && view.terms.frequency(number) > MOST_WALKED;
  return isLong || impactOn(view.postings(number), row) === impact;
}
