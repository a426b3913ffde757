import { SEPARATOR, characterKind } from './characters.js';

/** A stretch of a query that is more than words: `"in quotes"`, or `-left -out`. */
export interface Mark {
  kind: 'phrase' | 'excluded';
  /** Of what is marked, without quotes and sign; UTF-16 units, the end exclusive. */
  start: number;
  end: number;
}

const QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb';
const MINUS = '-\u2212';

/** The marks of a query in order. A quote that is not closed, or stands after a digit, is none: `27" monitor`. */
export function marksOf(text: string): Mark[] {
  const marks: Mark[] = [];
  // Of many quotes that are never closed none looks for its end again.
  const lastClose = lastClosingQuote(text);
  let at = 0;
  while (at < text.length) {
    const mark = isBoundary(text, at - 1) ? markAt(text, at, lastClose) : undefined;
    if (mark !== undefined) marks.push(mark);
    at = mark?.end ?? at + 1;
  }
  return marks;
}

function markAt(text: string, at: number, lastClose: number): Mark | undefined {
  const isMinus = MINUS.includes(text.charAt(at));
  const from = isMinus ? at + 1 : at;
  const kind = isMinus ? 'excluded' : 'phrase';
  if (from >= text.length) return undefined;
  if (QUOTES.includes(text.charAt(from))) {
    const close = closingQuote(text, from + 1, lastClose);
    return close === -1 ? undefined : { kind, start: from + 1, end: close };
  }
  if (!isMinus || isSeparator(text, from)) return undefined;
  let end = from;
  while (end < text.length && !isBlank(text, end)) end++;
  return { kind, start: from, end };
}

function closingQuote(text: string, from: number, last: number): number {
  for (let at = from + 1; at <= last; at++) if (canClose(text, at)) return at;
  return -1;
}

function lastClosingQuote(text: string): number {
  let at = text.length - 1;
  while (at >= 0 && !canClose(text, at)) at--;
  return at;
}

function canClose(text: string, at: number): boolean {
  return QUOTES.includes(text.charAt(at)) && isBoundary(text, at + 1);
}

function isBlank(text: string, at: number): boolean {
  return /\s/.test(text.charAt(at));
}

function isSeparator(text: string, at: number): boolean {
  return characterKind(text.codePointAt(at) ?? 0) === SEPARATOR;
}

/** Whether no word goes on at `at`: an end of the text, a blank, a bracket or a comma. */
function isBoundary(text: string, at: number): boolean {
  return at < 0 || at >= text.length || /[\s(),;]/.test(text.charAt(at));
}
