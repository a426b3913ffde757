import type { JsonObject } from '../core/product.js';
import { squash } from './fold.js';
import { negations } from './negations.js';
import { priceWords } from './price-words.js';
import { marksOf } from './query-marks.js';
import type { Language } from './text-settings.js';

/** Words of a query that say what to filter by. */
interface Understood {
  /** As typed. */
  text: string;
  /** Where in the query; UTF-16 units, the end exclusive. */
  start: number;
  end: number;
  /** In the form of a request's filter. */
  filter?: JsonObject;
  /** Analysed words that no hit may have. */
  excluded?: string[];
  /** It asks for low prices; which are low is not in the words. */
  isCheap?: true;
}

export interface Understanding {
  /** The query with blanks in place of what was understood: as long as before, so that places in it stay the same. */
  rest: string;
  /** In the order in which it was typed. */
  understood: Understood[];
}

const CHEAP =
  /(?<![\p{L}\p{N}'’-])(?:cheap(?:er|est)?|inexpensive|affordable|low[- ](?:cost|priced?|budget)|günstig(?:e[rsnm]?)?|billig(?:e[rsnm]?)?)(?![\p{L}\p{N}]|[-'’.][\p{L}\p{N}])/giu;
/** In place of what is spoken for: no pattern takes it for a blank or a word. */
const TAKEN = '\u0001';

/**
 * Price words (`under 50`, `between 20 and 40`), `cheap`, and what is not wanted (`not hp`). Quoted and `-excluded` words
 * are left alone, and all is where nothing else would remain to look for.
 */
export function understand(text: string, language: Language): Understanding {
  let open = text;
  for (const { start, end } of marksOf(text)) open = masked(open, start, end, TAKEN);
  const understood: Understood[] = [];
  const take = (found: readonly Omit<Understood, 'text'>[]): void => {
    for (const one of found) {
      open = masked(open, one.start, one.end, TAKEN);
      understood.push({ text: text.slice(one.start, one.end), ...one });
    }
  };
  // Most queries name no number, and the patterns cost more than all else that reads a query.
  if (/\d/.test(open)) take(priceWords(open));
  take(negations(open, language));
  take([...open.matchAll(CHEAP)].map(cheapAt));
  understood.sort((a, b) => a.start - b.start);
  const rest = understood.reduce((left, { start, end }) => masked(left, start, end, ' '), text);
  return squash(rest) === '' ? { rest: text, understood: [] } : { rest, understood };
}

function cheapAt(match: RegExpExecArray): { start: number; end: number; isCheap: true } {
  return { start: match.index, end: match.index + match[0].length, isCheap: true };
}

function masked(text: string, start: number, end: number, filler: string): string {
  return text.slice(0, start) + filler.repeat(end - start) + text.slice(end);
}
