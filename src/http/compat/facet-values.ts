import type { FacetReply } from '../../search/search-types.js';
import type { MarkedPart } from './marked.js';

/** A value of a facet as clients know it: a text, whatever it is in products. */
export interface FacetValue {
  value: string;
  count: number;
}

/** Most common first, as counted; a number and a text that look alike are one value. */
export function facetValues({ values }: FacetReply): FacetValue[] {
  const counts = new Map<string, number>();
  for (const { value, count } of values) {
    const text = String(value);
    counts.set(text, (counts.get(text) ?? 0) + count);
  }
  return [...counts].map(([value, count]) => ({ value, count }));
}

/** A value with the beginning marked that was looked for. */
export function markedBeginning(value: string, prefix: string | undefined): MarkedPart[] {
  const length = prefix === undefined ? 0 : beginningOf(value, prefix);
  if (length === 0) return [{ text: value, isMarked: false }];
  const parts = [
    { text: value.slice(0, length), isMarked: true },
    { text: value.slice(length), isMarked: false },
  ];
  return parts.filter(({ text }) => text !== '');
}

/** How much of `value` is `prefix`, whatever their case and accents; 0 where it is not. */
function beginningOf(value: string, prefix: string): number {
  const wanted = folded(prefix);
  for (let length = Math.min(value.length, prefix.length); length <= value.length; length++) {
    const start = folded(value.slice(0, length));
    if (start === wanted) return length;
    if (start.length > 2 * wanted.length) return 0;
  }
  return 0;
}

function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
