import type { Scan } from './scan.js';

const JOINS = '-/._\u2010\u2011';

/** A part of a text without blanks whose words are also searched as one: `DCS-8325LH`. */
export interface Chunk {
  /** The words without what separates them: `dcs8325lh`. */
  joined: string;
  /** Of its words; the end is exclusive. */
  from: number;
  to: number;
}

/**
 * The chunk that begins with the word at `index`; undefined where that is one word only,
 * or has no digit. A decimal number alone is none: a plug of `3.5mm` is no film of 35.
 */
export function chunkAt(scan: Scan, index: number): Chunk | undefined {
  if (index > 0 && joinsNext(scan, index - 1)) return undefined;
  let to = index + 1;
  while (joinsNext(scan, to - 1)) to++;
  return to === index + 1 ? undefined : joinedWords(scan, index, to);
}

/** Alternatives within a chunk, `TN-2000/TN-2005`, each joined by itself. */
export function partsOfChunk(scan: Scan, chunk: Chunk): Chunk[] {
  const parts: Chunk[] = [];
  let from = chunk.from;
  for (let at = chunk.from + 1; at <= chunk.to; at++) {
    if (at < chunk.to && scan.gap(at - 1) !== '/') continue;
    const isWhole = from === chunk.from && at === chunk.to;
    const part = at - from > 1 && !isWhole ? joinedWords(scan, from, at) : undefined;
    if (part !== undefined) parts.push(part);
    from = at;
  }
  return parts;
}

/** Whether a single sign that joins stands between the words at `index` and after it. */
export function joinsNext(scan: Scan, index: number): boolean {
  if (index + 1 >= scan.count || scan.start(index + 1) !== scan.end(index) + 1) return false;
  return JOINS.includes(scan.text.charAt(scan.end(index)));
}

function joinedWords(scan: Scan, from: number, to: number): Chunk | undefined {
  let joined = '';
  let hasDigit = false;
  for (let at = from; at < to; at++) {
    const word = scan.at(at);
    joined += word.plain;
    hasDigit ||= word.hasDigit;
  }
  return hasDigit && !isDecimal(scan, from, to) ? { joined, from, to } : undefined;
}

function isDecimal(scan: Scan, from: number, to: number): boolean {
  const last = scan.at(to - 1);
  return (
    to - from === 2 &&
    scan.at(from).isDigits &&
    scan.gap(from) === '.' &&
    (last.isDigits || last.amount !== '')
  );
}
