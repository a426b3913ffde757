import { beforeEach, describe, expect, test } from 'vitest';
import { SynonymTable, type SynonymBody } from '../../src/merchandising/synonyms.js';
import { MATCH_ALL } from '../../src/filter/filter.js';
import type { WordCounts } from '../../src/protocol/messages.js';
import type { AskedReplicas, WordsAsked } from '../../src/shard-client/leaf-calls.js';
import { WordCounter } from '../../src/search/count-words.js';
import { readWords, type ReadWords } from '../../src/search/read-words.js';
import { startRun } from '../../src/search/search-run.js';
import { PLAIN_TEXT, type TextOptions } from '../../src/search/search-types.js';
import { understandQuery, type UnderstoodQuery } from '../../src/search/understand-query.js';
import { servingSettings } from '../../src/tenancy/tenant-settings.js';
import { letterSignatures, nearWords, tolerated } from '../../src/text/near-words.js';
import { firstPartition } from '../../src/placement/partition.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { CountingEncoder } from '../ingest/harness.js';
import { anyCaller } from './caller.js';

/** The words of the only shard, with how many products have each. */
const WORDS: Record<string, number> = {
  wireless: 40,
  mouse: 100,
  mousepad: 5,
  head: 9,
  phone: 20,
  headphone: 50,
  sd: 12,
  card: 30,
  kensington: 8,
  lenovo: 6,
  '32gb': 3,
};
/** Titles that have one word directly before another. */
const ADJACENT: Record<string, number> = { 'sd card': 11, 'wireless mouse': 5 };
const PIECES = new Set([
  'wireless',
  'mouse',
  'muse',
  'phone',
  'head',
  'card',
  'sd',
  'harry',
  'potter',
]);

class PieceEncoder extends CountingEncoder {
  override knowsPiece(word = ''): boolean {
    return PIECES.has(word.toLowerCase());
  }
}

const settings = servingSettings();
const partition = firstPartition('Mice', ['s1']);
const placement = { counter: 1, partitions: [partition] };
let rounds: WordsAsked[];
let counter: WordCounter;

async function countWords(
  _: AskedReplicas,
  asked: WordsAsked,
): Promise<{ node: string; answer: WordCounts }> {
  rounds.push(asked);
  const words = Object.keys(WORDS);
  const vocabulary = {
    size: words.length,
    word: (i: number) => words[i] as string,
    signatures: letterSignatures(words),
  };
  const counted = (word: string) => ({ word, df: WORDS[word] ?? 0 });
  const answer: WordCounts = {
    type: 'word-counts',
    live: 200,
    df: asked.words.map((word) => WORDS[word] ?? 0),
    near: (asked.near ?? []).map((word) =>
      nearWords(vocabulary, word, tolerated(word)).map((near) => ({
        ...near,
        ...counted(near.word),
      })),
    ),
    prefixed:
      asked.prefix === undefined
        ? []
        : words.filter((word) => word.startsWith(asked.prefix ?? '')).map(counted),
    adjacent: (asked.pairs ?? []).map((pair) => ADJACENT[pair.join(' ')] ?? 0),
    ...{ ready: true, counter: 1, timedOut: false, tookMs: 0 },
  };
  return { node: 's1', answer };
}

beforeEach(() => {
  rounds = [];
  const placements = { refresh: async () => ({ counter: 1, partitions: [partition] }) };
  counter = new WordCounter({ fleet: { countWords }, placements });
});

interface Read extends ReadWords {
  understood: UnderstoodQuery;
  /** By word as typed, what stands for it. */
  choices: Record<string, string[]>;
}

async function read(
  query: string,
  options: Partial<TextOptions> = {},
  more = {},
  exact = false,
): Promise<Read> {
  const text = { ...PLAIN_TEXT, ...options };
  const request = {
    ...{ tenant: 'shop', query, text, topK: 10, filter: MATCH_ALL, fields: undefined },
    ...{ exact, explain: false, timeoutMs: 1_000 },
  };
  const understood = understandQuery(query, request, settings);
  const encoder = new PieceEncoder();
  const reading = {
    mayRely: false,
    settings,
    placement,
    counter,
    encoder,
    model: 'm',
    categories: undefined,
    ...more,
  };
  const run = { ...startRun(request, anyCaller()), list: undefined };
  const words = await readWords(query, understood, reading, run);
  const choices = Object.fromEntries(
    words.slots.map(({ word, alternatives }) => [
      word.text,
      alternatives.map((one) => `${one.words.join(' ')} ${one.weight} ${one.why}`),
    ]),
  );
  return { ...words, understood, choices };
}

describe('a text becomes words with what may stand in their place', () => {
  test('words that are known stand for themselves, and are embedded as typed', async () => {
    const { choices, embedded, rewritten, didYouMean } = await read('Wireless  mouse');
    expect(choices).toEqual({ Wireless: ['wireless 1 typed'], mouse: ['mouse 1 typed'] });
    expect([embedded, rewritten, didYouMean]).toEqual(['Wireless  mouse', null, []]);
    expect(rounds).toHaveLength(1);
  });

  test('their weight is how rare they are: Robertson and Spärck Jones', async () => {
    const { words } = await read('mouse lenovo');
    expect(words?.slots.map(({ idf }) => idf)).toEqual([
      Math.log(1 + (200 - 100 + 0.5) / 100.5),
      Math.log(1 + (200 - 6 + 0.5) / 6.5),
    ]);
  });

  test('a quantity counts one and a half times: others of its unit are wrong', async () => {
    WORDS['32gb'] = 6;
    const { words } = await read('lenovo 32 GB');
    const [lenovo, quantity] = words?.slots.map(({ idf }) => idf) ?? [];
    expect(quantity).toBe(1.5 * (lenovo ?? 0));
  });

  test('a typo is mended before it is embedded, and said', async () => {
    const { choices, embedded, rewritten } = await read('wireles muose');
    expect(choices).toEqual({
      wireles: ['wireless 1 corrected'],
      muose: ['mouse 1 corrected'],
    });
    expect(embedded).toBe('wireless mouse');
    expect(rewritten).toEqual({ from: 'wireles muose', to: 'wireless mouse' });
    // Near spellings are asked for only of what nobody has.
    expect(rounds.map(({ near }) => near)).toEqual([undefined, ['wirele', 'wireles', 'muose']]);
  });

  test('what else may have been meant is suggested', async () => {
    WORDS['phonl'] = 9;
    WORDS['zebrafish'] = 1;
    const { rewritten, didYouMean } = await read('mouse phonk');
    delete WORDS['phonl'];
    expect([rewritten?.to, didYouMean]).toEqual(['mouse phone', ['mouse phonl']]);
    // One product alone has it: too little to search for it unasked.
    const rare = await read('zebrafsh');
    delete WORDS['zebrafish'];
    expect([rare.rewritten, rare.didYouMean, rare.embedded]).toEqual([
      null,
      ['zebrafish'],
      undefined,
    ]);
  });

  test('a whole piece of the encoder, a number and a quoted word are no typos', async () => {
    for (const query of ['potter', '32gc', '"muose"']) {
      expect((await read(query)).rewritten, query).toBeNull();
    }
  });

  test('a whole piece of the encoder is a typo where titles have what is near beside its neighbour', async () => {
    const { choices, embedded, rewritten } = await read('wireless muse');
    expect(choices['muse']).toEqual(['mouse 1 corrected']);
    expect(embedded).toBe('wireless mouse');
    expect(rewritten).toEqual({ from: 'wireless muse', to: 'wireless mouse' });
    expect(rounds.map(({ near, pairs }) => [near, pairs])).toEqual([
      [undefined, undefined],
      [['muse'], undefined],
      [undefined, [['wireless', 'mouse']]],
    ]);
  });

  test('it stays where they have not, and is not looked up where nobody has the neighbour', async () => {
    const unlike = await read('lenovo muse');
    expect([unlike.rewritten, unlike.didYouMean]).toEqual([null, []]);
    expect(rounds).toHaveLength(3);
    for (const query of ['muse', 'harry muse']) {
      rounds = [];
      expect((await read(query)).rewritten, query).toBeNull();
      expect(rounds, query).toHaveLength(1);
    }
  });

  test('in exact mode neighbours are counted anew, after all else was pinned', async () => {
    await read('wireless muse');
    rounds = [];
    const { rewritten } = await read('wireless muse', {}, {}, true);
    expect(rewritten?.to).toBe('wireless mouse');
    expect(rounds.map(({ pin, pairs }) => [pin, pairs])).toEqual([
      [true, [['wireless', 'muse']]],
      [undefined, [['wireless', 'mouse']]],
    ]);
  });

  test('what is known to nobody is left out of what is embedded', async () => {
    const { embedded, choices } = await read('mouse qqzzx9');
    expect(embedded).toBe('mouse');
    expect(choices['qqzzx9']).toEqual([]);
  });

  test('where no word is known to anybody nothing is searched by meaning', async () => {
    for (const query of ['xqzkv wpfh', '🎧🎧', 'мышь', '!!!']) {
      expect((await read(query)).embedded, query).toBeUndefined();
    }
    // The catalogue knows it, though the encoder does not.
    expect((await read('lenovo')).embedded).toBe('lenovo');
  });

  test('two words that products write as one, and one that they write as two', async () => {
    expect((await read('head phones')).choices).toEqual({
      head: ['head 1 typed', 'headphone 1 joined'],
      phones: ['phone 1 typed', 'headphone 1 joined'],
    });
    const { choices, embedded } = await read('sdcard');
    expect(choices).toEqual({ sdcard: ['sd card 1 split'] });
    expect(embedded).toBe('sd card');
  });

  test('the beginning of a word is met by all that begin so', async () => {
    const { choices, embedded } = await read('kensi', { prefix: true });
    expect(choices).toEqual({ kensi: ['kensington 0.9 completed'] });
    expect(embedded).toBe('kensington');
    expect((await read('mouse', { prefix: true })).choices).toEqual({
      mouse: ['mouse 1 typed', 'mousepad 0.9 completed'],
    });
    expect((await read('mouse ', { prefix: true })).choices['mouse']).toHaveLength(1);
  });

  test('price words become a filter, which is said, unless nobody wants it', async () => {
    const { understood, embedded } = await read('mouse under 50');
    expect(understood.filters).toEqual([{ kind: 'range', field: 'price', op: 'lt', value: 50 }]);
    expect(understood.parts).toEqual([{ text: 'under 50', filter: { price: { lt: 50 } } }]);
    expect(embedded?.trim()).toBe('mouse');
    expect((await read('mouse under 50', { understand: false })).understood.parts).toEqual([]);
    expect((await read('cheap mouse')).understood.cheap).toBe('cheap');
  });

  test('what is not wanted is left out, of the embedded text too', async () => {
    const { words, embedded } = await read('mouse -wireless not lenovo');
    expect(words?.excluded).toEqual(['wireless', 'lenovo']);
    expect(embedded).toBe('mouse');
  });

  test('each mode asks for what ranks in it', async () => {
    const keyword = await read('mouse', { mode: 'keyword' });
    expect([keyword.embedded, keyword.words?.slots.length]).toEqual([undefined, 1]);
    const meaning = await read('mouse', { mode: 'vector' });
    expect([meaning.embedded, meaning.words]).toEqual(['mouse', undefined]);
    const bounded = await read('mouse -lenovo', { mode: 'vector' });
    expect(bounded.words).toEqual({
      slots: [],
      excluded: ['lenovo'],
      analyzer: ANALYZER_VERSION,
      generation: 0,
    });
    const wordsAlone = await read('mouse', {}, { encoder: undefined });
    expect([wordsAlone.embedded, wordsAlone.words?.slots.length]).toEqual([undefined, 1]);
  });

  test("the tenant's own cutoff serves where it is of this model", async () => {
    const cutoff = { cosine: 0.41, model: 'm', products: 1_000 };
    const own = { settings: { ...settings, cutoff } };
    expect((await read('mouse', {}, own)).words?.cutoff).toBe(0.41);
    expect((await read('mouse', {}, { ...own, model: 'another' })).words?.cutoff).toBeUndefined();
  });
});

describe('synonyms', () => {
  const having = (...bodies: SynonymBody[]): { synonyms: SynonymTable } => {
    const synonyms = new SynonymTable(settings.text);
    for (const body of bodies) synonyms.add(body);
    return { synonyms };
  };
  const EARS = { id: 'a', words: ['cans', 'headphones'] };

  test('stand for the word beside it, as far as products have them', async () => {
    const more = having(EARS, { id: 'b', words: ['mouse', 'rodent', 'kensington'] });
    const { choices } = await read('wireless mice', {}, more);
    expect(choices['mice']).toEqual(['mouse 1 typed', 'kensington 0.9 synonym']);
    expect(choices['wireless']).toEqual(['wireless 1 typed']);
  });

  test('are counted in the first round, and no typo is looked for in what has one', async () => {
    const { choices, embedded, rewritten } = await read('wireless cans', {}, having(EARS));
    expect(choices['cans']).toEqual(['headphone 0.9 synonym']);
    expect([embedded, rewritten]).toEqual(['wireless headphone', null]);
    expect(rounds).toHaveLength(1);
  });

  test('weigh a word by the commoner of both, whichever was typed', async () => {
    const more = having({ id: 'a', words: ['lenovo', 'mouse'] });
    const idf = async (query: string) => (await read(query, {}, more)).words?.slots[0]?.idf;
    expect(await idf('lenovo')).toBe(await idf('mouse'));
    expect((await read('mouse')).words?.slots[0]?.idf).toBe(await idf('lenovo'));
  });

  test('of several words stand for each of them, so that who has either is met', async () => {
    const more = having({ id: 'a', from: 'sd card', to: ['memory', 'kensington mouse'] });
    WORDS['memory'] = 3;
    const { choices } = await read('sd card lenovo', {}, more);
    delete WORDS['memory'];
    const both = ['memory 0.9 synonym', 'kensington mouse 0.9 synonym'];
    expect(choices).toEqual({
      sd: ['sd 1 typed', ...both],
      card: ['card 1 typed', ...both],
      lenovo: ['lenovo 1 typed'],
    });
    expect((await read('card sd', {}, more)).choices['sd']).toEqual(['sd 1 typed']);
  });

  test('stand for nothing in quotes', async () => {
    const more = having({ id: 'a', words: ['mouse', 'lenovo'] });
    expect((await read('"mouse" card', {}, more)).choices['mouse']).toEqual(['mouse 1 typed']);
  });

  test('are bounded for a word: what stands for several is for all of them or none', async () => {
    const to = Array.from({ length: 29 }, (_, i) => `other${i}`);
    for (const word of to) WORDS[word] = 1;
    const more = having(
      { id: 'a', from: 'sd card', to: ['lenovo', 'kensington'] },
      { id: 'b', from: 'card', to },
    );
    const { choices } = await read('sd card', {}, more);
    for (const word of to) WORDS[word] = 0;
    expect(choices['sd']).toHaveLength(3);
    expect(choices['card']).toHaveLength(31);
  });
});
