import { analyzerOf } from './analyzer.js';
import { chunkAt } from './chunks.js';
import { compoundAt } from './quantities.js';
import type { Scan } from './scan.js';
import type { Language } from './text-settings.js';

interface Span {
  start: number;
  /** Exclusive. */
  end: number;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** This part of a snippet comes before its first match. */
const LEAD = 0.3;
const ELLIPSIS = '…';

/**
 * `text` as HTML with `<mark>` around its words that are among `words` (analysed), all else escaped. Words that mean
 * one thing together, such as `32 GB`, are marked together. With `characters` it is cut to about so many
 * around the first match, at the borders of words.
 */
export function highlight(
  text: string,
  words: ReadonlySet<string>,
  language: Language,
  characters = Infinity,
): string {
  const scan = analyzerOf(language).scan.read(text);
  const marks = matches(scan, words);
  const { start, end } = window(scan, marks[0]?.start ?? 0, characters);
  let html = start > 0 ? ELLIPSIS : '';
  let at = start;
  for (const mark of marks) {
    if (mark.start < at || mark.end > end) continue;
    html += `${escapeHtml(text.slice(at, mark.start))}<mark>${escapeHtml(text.slice(mark.start, mark.end))}</mark>`;
    at = mark.end;
  }
  return html + escapeHtml(text.slice(at, end)) + (end < text.length ? ELLIPSIS : '');
}

function matches(scan: Scan, words: ReadonlySet<string>): Span[] {
  const found: Span[] = [];
  for (let at = 0; at < scan.count;) {
    const compound = scan.at(at).mayCompound ? compoundAt(scan, at) : undefined;
    const chunk = chunkAt(scan, at);
    if (compound !== undefined && words.has(compound.canonical)) {
      found.push({ start: scan.start(at), end: compound.end });
      at = compound.to;
    } else if (chunk !== undefined && words.has(chunk.joined)) {
      found.push({ start: scan.start(at), end: scan.end(chunk.to - 1) });
      at = chunk.to;
    } else {
      if (words.has(scan.at(at).text)) found.push({ start: scan.start(at), end: scan.end(at) });
      at++;
    }
  }
  return found;
}

/** About `characters` of the text around `first`, from the start of a word to the end of one. */
function window(scan: Scan, first: number, characters: number): Span {
  const { length } = scan.text;
  if (length <= characters) return { start: 0, end: length };
  const wanted = Math.min(first - LEAD * characters, length - characters);
  let start = 0;
  let end = 0;
  for (let at = 0; at < scan.count; at++) {
    if (wanted > 0 && scan.start(at) <= first && (start === 0 || start < wanted))
      start = scan.start(at);
    if (end === 0 || scan.end(at) <= start + characters) end = scan.end(at);
  }
  return { start, end: Math.max(start, end) };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
