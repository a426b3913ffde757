/** A field's text in parts, as the words of the query mark it. */
export interface MarkedPart {
  text: string;
  isMarked: boolean;
}

const MARK = /<mark>(.*?)<\/mark>/gs;
const ESCAPED: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** What a highlight says: in it all but its own marks is escaped, and clients escape by themselves. */
export function partsOf(html: string): MarkedPart[] {
  const parts: MarkedPart[] = [];
  const add = (escaped: string, isMarked: boolean): void => {
    if (escaped !== '') parts.push({ text: unescapeHtml(escaped), isMarked });
  };
  let at = 0;
  for (const match of html.matchAll(MARK)) {
    add(html.slice(at, match.index), false);
    add(match[1] ?? '', true);
    at = match.index + match[0].length;
  }
  add(html.slice(at), false);
  return parts;
}

function unescapeHtml(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ESCAPED[entity] ?? entity);
}

/** The text with `start` and `end` around what is marked. */
export function withTags(parts: readonly MarkedPart[], start: string, end: string): string {
  return parts.map(({ text, isMarked }) => (isMarked ? `${start}${text}${end}` : text)).join('');
}

/** What is marked, each once. */
export function markedTexts(parts: readonly MarkedPart[]): string[] {
  return [...new Set(parts.filter(({ isMarked }) => isMarked).map(({ text }) => text))];
}

/** How many words, as spaces cut them. */
export function wordCount(parts: readonly MarkedPart[]): number {
  return parts.reduce((sum, { text }) => sum + (text.match(/\S+/g)?.length ?? 0), 0);
}

/** Around the first mark: it, and at most so many words before and behind. */
export function around(
  parts: readonly MarkedPart[],
  before: number,
  behind: number,
): { parts: MarkedPart[]; isCutBefore: boolean; isCutBehind: boolean } {
  const pieces = parts.flatMap((part): MarkedPart[] =>
    part.isMarked ? [part] : wordsOf(part.text).map((text) => ({ text, isMarked: false })),
  );
  const first = Math.max(
    0,
    pieces.findIndex(({ isMarked }) => isMarked),
  );
  const start = stepsFrom(pieces, first, before, -1);
  const end = stepsFrom(pieces, first, behind, 1);
  return {
    parts: pieces.slice(start, end + 1),
    isCutBefore: start > 0,
    isCutBehind: end < pieces.length - 1,
  };
}

/** Words with the spaces behind them. */
function wordsOf(text: string): string[] {
  return text.match(/^\s+|\S+\s*/g) ?? [];
}

/** The last piece on the way from `from` that is within so many words of it. */
function stepsFrom(
  pieces: readonly MarkedPart[],
  from: number,
  words: number,
  step: 1 | -1,
): number {
  let at = from;
  for (let left = words; ; at += step) {
    const next = pieces[at + step];
    if (next === undefined) return at;
    if (next.text.trim() !== '' && left-- === 0) return at;
  }
}
