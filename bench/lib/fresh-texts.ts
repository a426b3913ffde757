import type { TextTokenizer } from '../../src/embedding/tokenize.js';
import type { Traffic } from './traffic.js';

export interface FreshText {
  text: string;
  tokens: readonly number[];
}

/** Texts never asked before that have exactly `length` tokens, special ones included. */
export function freshTexts(
  traffic: Traffic,
  tokenizer: TextTokenizer,
  length: number,
  count: number,
): FreshText[] {
  const texts: FreshText[] = [];
  for (let attempt = 0; texts.length < count; attempt += 1) {
    if (attempt > 2000 * count) throw new Error(`too few texts of ${String(length)} tokens`);
    // Words are taken off the end until the length is right, or the text is given up.
    const words = `${traffic.next(1)} ${traffic.next(1)}`.split(' ');
    for (let left = words.length; left > 0; left -= 1) {
      const text = words.slice(0, left).join(' ');
      const tokens = tokenizer.encode(text);
      if (tokens.length > length) continue;
      if (tokens.length === length) texts.push({ text, tokens });
      break;
    }
  }
  return texts;
}
