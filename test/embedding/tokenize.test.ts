import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/embedding/model-folder.js';
import { TextTokenizer, type TokenizerJson } from '../../src/embedding/tokenize.js';
import { publishedClipTokenizer } from './clip-tokenizer.js';
import { sharedFile, tinyModel } from './harness.js';

const clip = (await readModelFolder(tinyModel('tiny-clip').dir, 'fp32')).tokenizer;
const bert = (await readModelFolder(tinyModel('tiny-bert').dir, 'fp32')).tokenizer;
const tokenizers = [
  ['clip', clip, tinyModel('tiny-clip').reference],
  ['bert', bert, tinyModel('tiny-bert').reference],
] as const;

/** SHA-256 of the Rust tokenizers' tokens of query-log.tsv: `scripts/test-models/clip_tokens.py`. */
const QUERY_LOG_TOKENS = '24e0dc2bb45bf5dc6c964e68b2baf2e0e70e70ba7ce1c5ec965d87d6183eb3fc';

/** Strings of everything: any code point, lone surrogates too. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x10ffff }).map((c) => String.fromCodePoint(c)),
  maxLength: 60,
});

describe.each(tokenizers)('a whole piece of the vocabulary of %s', (_, tokenizer) => {
  it('is a word that it knows, in any case, and nothing that it has to take apart', () => {
    for (const word of ['mouse', 'Mouse', 'keyboard']) expect(tokenizer.isPiece(word)).toBe(true);
    for (const word of ['zzxqv', '8325lh', 'mouse mouse', '']) {
      expect(tokenizer.isPiece(word)).toBe(false);
    }
  });

  it('is no word of a script that it lacks, and no sign', () => {
    for (const word of ['日本', 'мышь', '🎧']) expect(tokenizer.isPiece(word)).toBe(false);
  });
});

describe.each(tokenizers)('the tokens of %s', (_, tokenizer, reference) => {
  it.each(reference)('equal the reference tokenizer: $text', ({ text, tokens }) => {
    expect(tokenizer.encode(text)).toEqual(tokens);
  });

  it('start and end as the model wants and never exceed its length, whatever the text', () => {
    const frame = tokenizer.encode('');
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ maxLength: 500 })), (text) => {
        const tokens = tokenizer.encode(text);
        expect(tokens.length).toBeLessThanOrEqual(tokenizer.maxTokens);
        expect(tokens[0]).toBe(frame[0]);
        expect(tokens.at(-1)).toBe(frame.at(-1));
        expect(tokens.slice(1, -1)).not.toContain(frame.at(-1));
      }),
    );
  });

  it('keep the end token when a text is cut, and what comes before it', () => {
    const text = 'wireless black mouse '.repeat(100);
    const whole = new TextTokenizer(
      readJson(tokenizer === clip ? 'tiny-clip' : 'tiny-bert'),
      100_000,
    );
    const tokens = tokenizer.encode(text);
    expect(tokens).toHaveLength(tokenizer.maxTokens);
    expect(tokens.at(-1)).toBe(tokenizer.encode('').at(-1));
    expect(tokens.slice(0, -1)).toEqual(whole.encode(text).slice(0, tokenizer.maxTokens - 1));
  });

  it.each([
    ['one endless word', 'x'.repeat(10_000)],
    ['words', 'a '.repeat(5_000)],
    ['spaces', ' '.repeat(10_000)],
    ['emoji', '🎧'.repeat(5_000)],
    ['combining marks', `a${'\u0301'.repeat(10_000)}`],
    ['CJK', '日本'.repeat(5_000)],
    ['right to left', 'עכבר '.repeat(2_000)],
    ['control characters', '\u0000\u0001\u001f\u007f\u200b'.repeat(2_000)],
    ['lone surrogates', '\ud800\udc00\udfff\ud83d'.repeat(2_500)],
  ])('of 10,000 characters: %s', (_name, text) => {
    const tokens = tokenizer.encode(text);
    expect(tokens.length).toBeGreaterThanOrEqual(2);
    expect(tokens.length).toBeLessThanOrEqual(tokenizer.maxTokens);
  });
});

describe('special tokens in what a user types', () => {
  it.each(['<|endoftext|>', '<|startoftext|>', '<|ENDOFTEXT|>', '<|end<|endoftext|>oftext|>'])(
    'are only text to CLIP: %s',
    (special) => {
      const [start, end] = clip.encode('') as [number, number];
      const content = clip.encode(`red ${special} mouse`).slice(1, -1);
      expect(content).not.toContain(start);
      expect(content).not.toContain(end);
      expect(content.slice(-1)).toEqual(clip.encode('mouse').slice(-2, -1));
    },
  );

  it('are only text to BERT, and what is unknown stays unknown', () => {
    const unknown = bert.encode('日')[1];
    expect(bert.encode('red [SEP] [CLS] mouse').slice(1, -1)).not.toContain(bert.encode('').at(-1));
    expect(bert.encode('日 mouse')).toEqual([
      bert.encode('')[0],
      unknown,
      ...bert.encode('mouse').slice(1),
    ]);
  });
});

describe("CLIP's published vocabulary, needs the shared data", () => {
  const vocabulary = sharedFile('clip/bpe_simple_vocab_16e6.txt.gz');
  const log = sharedFile('query-log.tsv');
  const absent = 'the shared data is not beside the repository (set OMNISEARCH_SHARED)';

  it('gives a photo of a cat', ({ skip }) => {
    if (vocabulary === undefined) return skip(absent);
    const tokenizer = new TextTokenizer(
      publishedClipTokenizer(gunzipSync(readFileSync(vocabulary))),
      77,
    );
    expect(tokenizer.encode('a photo of a cat')).toEqual([49406, 320, 1125, 539, 320, 2368, 49407]);
  });

  it('gives the reference tokens on every query of the log', ({ skip }) => {
    if (vocabulary === undefined || log === undefined) return skip(absent);
    const tokenizer = new TextTokenizer(
      publishedClipTokenizer(gunzipSync(readFileSync(vocabulary))),
      77,
    );
    const rows = readFileSync(log, 'utf8')
      .split('\n')
      .slice(1)
      .filter((row) => row !== '');
    const tokens = rows.map((row) => tokenizer.encode(row.split('\t')[0]!).join(' '));
    expect(tokens).toHaveLength(2_120);
    expect(createHash('sha256').update(tokens.join('\n')).digest('hex')).toBe(QUERY_LOG_TOKENS);
  });
});

function readJson(name: 'tiny-clip' | 'tiny-bert'): TokenizerJson {
  return JSON.parse(readFileSync(`${tinyModel(name).dir}/tokenizer.json`, 'utf8')) as TokenizerJson;
}
