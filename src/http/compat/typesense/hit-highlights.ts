import type { JsonObject, JsonValue } from '../../../core/product.js';
import { around, markedTexts, partsOf, withTags, wordCount, type MarkedPart } from '../marked.js';
import type { HighlightOptions } from './highlight-options.js';

/** A value whose words the query has. */
interface MarkedValue extends JsonObject {
  matched_tokens: string[];
  snippet: string;
}

/** Both forms in which clients read what was marked: `highlight` by field, and the older list. */
export interface HitHighlights {
  highlight: JsonObject;
  highlights: JsonObject[];
}

/** `marked` is HTML by field, of a list one text an element; fields without a match are left out. */
export function hitHighlights(
  marked: Readonly<Record<string, string | readonly string[]>>,
  options: HighlightOptions,
): HitHighlights {
  const found: HitHighlights = { highlight: {}, highlights: [] };
  for (const [field, html] of Object.entries(marked)) {
    const isFull = options.full === 'all' || options.full.includes(field);
    if (typeof html === 'string') addText(found, field, html, isFull, options);
    else addList(found, field, html, isFull, options);
  }
  return found;
}

function addText(
  found: HitHighlights,
  field: string,
  html: string,
  isFull: boolean,
  options: HighlightOptions,
): void {
  const value = markedValue(partsOf(html), isFull, options);
  if (value.matched_tokens.length === 0) return;
  setPath(found.highlight, field, value);
  found.highlights.push({ field, ...value });
}

function addList(
  found: HitHighlights,
  field: string,
  list: readonly string[],
  isFull: boolean,
  options: HighlightOptions,
): void {
  const values = list.map((html) => markedValue(partsOf(html), isFull, options));
  const indices = values.flatMap((one, i) => (one.matched_tokens.length > 0 ? [i] : []));
  if (indices.length === 0) return;
  setPath(found.highlight, field, values);
  const matched = values.filter((one) => one.matched_tokens.length > 0);
  found.highlights.push({
    field,
    indices,
    matched_tokens: matched.map((one) => one.matched_tokens),
    snippets: matched.map(({ snippet }) => snippet),
    ...(isFull ? { values: matched.map((one) => one['value'] ?? null) } : {}),
  });
}

function markedValue(
  parts: readonly MarkedPart[],
  isFull: boolean,
  options: HighlightOptions,
): MarkedValue {
  const { startTag, endTag, affixTokens, snippetThreshold } = options;
  const isShort = wordCount(parts) <= snippetThreshold;
  const shown = isShort ? parts : around(parts, affixTokens, affixTokens).parts;
  return {
    matched_tokens: markedTexts(parts),
    snippet: withTags(shown, startTag, endTag).trim(),
    ...(isFull ? { value: withTags(parts, startTag, endTag) } : {}),
  };
}

/** A dotted path is a way into objects, as in the document. */
function setPath(target: JsonObject, path: string, value: JsonValue): void {
  const steps = path.split('.');
  const last = steps.pop() ?? path;
  let at = target;
  for (const step of steps) {
    const inner = (Object.hasOwn(at, step) ? at[step] : undefined) ?? {};
    define(at, step, inner);
    at = inner as JsonObject;
  }
  define(at, last, value);
}

/** Not by assignment, which could reach a prototype. */
function define(target: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
