import { isObject } from '../../../core/json.js';
import type { JsonObject, JsonValue } from '../../../core/product.js';
import { around, markedTexts, partsOf, withTags, wordCount, type MarkedPart } from '../marked.js';
import type { HighlightOptions } from './highlight-options.js';

type Marked = Readonly<Record<string, string | readonly string[]>>;

/** `_highlightResult` and `_snippetResult` of a hit: every value of the document, marked or not. */
export function hitHighlights(
  document: JsonObject,
  marked: Marked,
  query: string,
  options: HighlightOptions,
): JsonObject {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const highlighted = mapValues(document, '', (value, path, index) => {
    if (!isTold(path, options)) return undefined;
    const parts = partsAt(marked, path, index) ?? [{ text: String(value), isMarked: false }];
    return highlightValue(parts, words, options);
  });
  const snippets = mapValues(document, '', (value, path, index) => {
    const count = options.snippets.get(path) ?? options.snippets.get('*');
    if (count === undefined) return undefined;
    const parts = partsAt(marked, path, index) ?? [{ text: String(value), isMarked: false }];
    return snippetValue(parts, words, count, options);
  });
  return {
    _highlightResult: highlighted ?? {},
    ...(options.snippets.size === 0 ? {} : { _snippetResult: snippets ?? {} }),
  };
}

type OfValue = (
  value: string | number | boolean,
  path: string,
  index: number | undefined,
) => JsonObject | undefined;

/** The same tree with something else at its leaves; what has nothing is left out. */
function mapValues(object: JsonObject, prefix: string, of: OfValue): JsonObject | undefined {
  const mapped = Object.entries(object).flatMap(([name, value]): [string, JsonValue][] => {
    if (prefix === '' && name === 'id') return [];
    const one = mapValue(value, prefix + name, undefined, of);
    return one === undefined ? [] : [[name, one]];
  });
  return mapped.length === 0 ? undefined : Object.fromEntries(mapped);
}

function mapValue(
  value: JsonValue,
  path: string,
  index: number | undefined,
  of: OfValue,
): JsonValue | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item, i) => mapValue(item, path, i, of));
    const kept = items.filter((item) => item !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  return isObject(value) ? mapValues(value, `${path}.`, of) : of(value, path, index);
}

function partsAt(
  marked: Marked,
  path: string,
  index: number | undefined,
): MarkedPart[] | undefined {
  const html = Object.hasOwn(marked, path) ? marked[path] : undefined;
  const one = typeof html === 'string' || html === undefined ? html : html[index ?? 0];
  return one === undefined ? undefined : partsOf(one);
}

function isTold(path: string, { told }: HighlightOptions): boolean {
  return told === 'all' || told.some((name) => path === name || path.startsWith(`${name}.`));
}

function highlightValue(
  parts: readonly MarkedPart[],
  words: readonly string[],
  { preTag, postTag }: HighlightOptions,
): JsonObject {
  const matchedWords = wordsOf(parts, words);
  return {
    value: withTags(parts, preTag, postTag),
    matchLevel: levelOf(matchedWords, words),
    matchedWords,
  };
}

function snippetValue(
  parts: readonly MarkedPart[],
  words: readonly string[],
  count: number,
  { preTag, postTag, ellipsis }: HighlightOptions,
): JsonObject {
  const half = count / 2;
  const {
    parts: shown,
    isCutBefore,
    isCutBehind,
  } = wordCount(parts) <= count
    ? { parts, isCutBefore: false, isCutBehind: false }
    : around(parts, Math.floor(half), Math.ceil(half));
  const text = withTags(shown, preTag, postTag).trim();
  return {
    value: `${isCutBefore ? ellipsis : ''}${text}${isCutBehind ? ellipsis : ''}`,
    matchLevel: levelOf(wordsOf(parts, words), words),
  };
}

/** The query's words that the marked ones stand for; of what stands for another word, itself. */
function wordsOf(parts: readonly MarkedPart[], words: readonly string[]): string[] {
  const texts = markedTexts(parts).map((text) => text.toLowerCase());
  const found = texts.flatMap((text) => {
    const meant = words.filter((word) => text.includes(word) || word.startsWith(text));
    return meant.length > 0 ? meant : [text];
  });
  return [...new Set(found)];
}

function levelOf(matched: readonly string[], words: readonly string[]): string {
  if (matched.length === 0) return 'none';
  return matched.length >= new Set(words).size ? 'full' : 'partial';
}
