import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TextTokenizer, type TokenizerJson } from '../../src/embedding/tokenize.js';
import { tinyModel } from './harness.js';

/** What `scripts/test-models/nasty_tokens.py` writes: tokens of the Rust library, long ones digested. */
interface NastyTokens {
  texts: { text: string; tokens: number[] }[];
  long: { piece: string; times: number; digest: string }[];
  rows: string;
}

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/tokens.md', import.meta.url)), 'utf8');
/** The Unicode version of the page's lists. */
const UNICODE = '17.0';
const ROW = 32;
const LAST_CODE_POINT = 0x323af;
/** What is only text here, and the special token to the reference. */
const SPECIALS = {
  clip: /<\|(startoftext|endoftext)\|>/i,
  bert: /\[(CLS|SEP|PAD|UNK|MASK)\]/,
};

describe.each(['clip', 'bert'] as const)('the tokens of %s on nasty texts', (layout) => {
  const { dir } = tinyModel(`tiny-${layout}`);
  const json = JSON.parse(readFileSync(join(dir, 'tokenizer.json'), 'utf8')) as TokenizerJson;
  const tokenizer = new TextTokenizer(json, 100_000);
  const nasty = JSON.parse(readFileSync(join(dir, 'nasty-tokens.json'), 'utf8')) as NastyTokens;
  const digest = (text: string): string =>
    createHash('sha256').update(tokenizer.encode(text).join(' ')).digest('hex').slice(0, 8);

  it('equal the reference, but for special tokens that are typed', () => {
    expect(nasty.texts.length).toBeGreaterThan(50);
    for (const { text, tokens } of nasty.texts) {
      const ours = tokenizer.encode(text);
      if (SPECIALS[layout].test(text)) expect(ours, text).not.toEqual(tokens);
      else expect(ours, text).toEqual(tokens);
    }
  });

  it('equal the reference on texts of 10,000 characters', () => {
    for (const { piece, times, digest: expected } of nasty.long) {
      expect(digest(piece.repeat(times)), `${piece} ${times} times`).toBe(expected);
    }
  });

  it('equal the reference on every code point that docs/tokens.md does not list', ({ skip }) => {
    const { unicode } = process.versions;
    if (unicode !== UNICODE) return skip(`the lists are of Unicode ${UNICODE}, not ${unicode}`);
    const expected = nasty.rows.split(' ').values();
    const different: string[] = [];
    for (let first = 0; first <= LAST_CODE_POINT; first += ROW) {
      const text = rowOf(first);
      if (text !== '' && digest(text) !== expected.next().value) different.push(first.toString(16));
    }
    expect(expected.next().done).toBe(true);
    expect(different).toEqual(listed(layout));
  });
});

/** A row of code points, each between letters, so that it can split or join them. */
function rowOf(first: number): string {
  const points = Array.from({ length: ROW }, (_, i) => first + i);
  const characters = points.filter((c) => c < 0xd800 || c > 0xdfff);
  return characters.map((c) => `a${String.fromCodePoint(c)}b`).join(' ');
}

function listed(layout: string): string[] {
  const block = new RegExp(`\`\`\`${layout}\n([^\`]*)\`\`\``).exec(PAGE)?.[1] ?? '';
  return block.trim().split(/\s+/);
}
