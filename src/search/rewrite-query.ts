import { spelling } from '../text/corrections.js';
import { marksOf } from '../text/query-marks.js';
import type { UnderstoodQuery } from './understand-query.js';
import type { WordSlot } from './word-slots.js';

/** A text as it is searched. */
export interface RewrittenQuery {
  /** What is embedded; undefined where no word of it means anything. */
  embedded: string | undefined;
  /** Null where nothing was misspelt. */
  rewritten: { from: string; to: string } | null;
  didYouMean: string[];
}

interface Edit {
  start: number;
  /** Exclusive. */
  end: number;
  text: string;
}

const MAX_SUGGESTIONS = 3;

/**
 * The text with its typos mended, as the encoder reads it: without unknown words, which it would take
 * apart into pieces that mean something else, and without what no hit may have. Undefined where none of
 * its words is known: then the nearest products by meaning are near to nothing.
 */
export function rewriteQuery(
  query: string,
  { rest, parsed }: Pick<UnderstoodQuery, 'rest' | 'parsed'>,
  slots: readonly WordSlot[],
  isPiece: (word: string) => boolean,
): RewrittenQuery {
  const edits = slots.flatMap((slot) => editOf(slot, isPiece));
  if (parsed.excluded.length > 0) edits.push(...excludedMarks(rest));
  const corrected = slots.filter(({ corrections }) => corrections.length > 0);
  const best = corrected.map(correctionOf);
  const to = edited(query, best);
  return {
    embedded: slots.some(({ isKnown }) => isKnown) ? edited(rest, edits) : undefined,
    rewritten: best.length === 0 ? null : { from: query, to },
    didYouMean: suggestions(query, slots, best),
  };
}

/** What the encoder reads in place of a word; nothing where it reads the word itself. */
function editOf(slot: WordSlot, isPiece: (word: string) => boolean): Edit[] {
  const { word, corrections, alternatives, isWhole, isKnown } = slot;
  const { start, end } = word;
  if (corrections.length > 0) return [correctionOf(slot)];
  if (!isKnown) return [{ start, end, text: '' }];
  if (isWhole) return [];
  // Parts that it has pieces for say more than the whole that it lacks.
  const split = alternatives.find(
    ({ why, words }) => why === 'split' && words.every((part) => isPiece(part)),
  );
  if (split !== undefined) return [{ start, end, text: split.words.join(' ') }];
  const [first] = alternatives;
  if (first?.why === 'completed' || first?.why === 'synonym')
    return [{ start, end, text: first.words.join(' ') }];
  return [];
}

function correctionOf({ word, corrections }: WordSlot): Edit {
  const [first] = corrections;
  const text = first === undefined ? word.text : spelling(word, first.word);
  return { start: word.start, end: word.end, text };
}

/** `-left -"out so"` with its signs. */
function excludedMarks(text: string): Edit[] {
  return marksOf(text)
    .filter(({ kind }) => kind === 'excluded')
    .map(({ start, end }) => {
      const isQuoted = !/[-\u2212]/.test(text.charAt(start - 1));
      return { start: start - (isQuoted ? 2 : 1), end: end + (isQuoted ? 1 : 0), text: '' };
    });
}

/** The text with another word in place of one that was not known, all else mended. */
function suggestions(query: string, slots: readonly WordSlot[], best: readonly Edit[]): string[] {
  return slots
    .flatMap(({ word, others }) =>
      others.map((other) => {
        const { start, end } = word;
        const rest = best.filter((edit) => edit.start !== start);
        return edited(query, [...rest, { start, end, text: spelling(word, other) }]);
      }),
    )
    .slice(0, MAX_SUGGESTIONS);
}

function edited(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  let left = '';
  let at = 0;
  for (const { start, end, text: instead } of [...edits].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    left += text.slice(at, start) + instead;
    at = end;
  }
  return (left + text.slice(at)).replace(/\s+/g, ' ').trim();
}
