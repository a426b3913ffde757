import { afterEach, beforeEach, expect, test } from 'vitest';
import { DIMENSIONS, put, remove, ShardFixture, textOf } from './shard-fixture.js';
import { serveShard } from './served-shard.js';
import { Deadline } from '../../src/core/deadline.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';

/** Words alone. */
const NONE: number[] = [];
const QUERY = [1, ...Array<number>(DIMENSIONS - 1).fill(0)];
let shard: ShardFixture;

beforeEach(async () => {
  shard = await ShardFixture.open();
  await shard.place('Mice');
  await shard.place('Pans');
});
afterEach(() => shard.close());

function titled(id: string, title: string, category = 'Mice') {
  return put(id, category, QUERY, { title });
}

test('a changed title is found at once by its new words, and no more by the old ones', async () => {
  await shard.write([titled('a', 'wireless mouse'), titled('b', 'wired mouse')]);
  const found = async (word: string) => (await shard.search(NONE, { text: textOf(word) })).hits.ids;
  expect(await found('wireless')).toEqual(['a']);
  await shard.write([titled('a', 'optical trackball')]);
  expect([await found('wireless'), await found('trackball')]).toEqual([[], ['a']]);
  // Sealed, restarted, and changed again: the old words are in a segment.
  await shard.write(Array.from({ length: 60 }, (_, i) => titled(`x${i}`, `pad ${i}`, 'Pans')));
  await shard.untilSaved((manifest) => (manifest?.segments.length ?? 0) > 0);
  await shard.restart();
  await shard.settle();
  expect(await found('trackball')).toEqual(['a']);
  await shard.write([titled('a', 'keyboard'), remove('b')]);
  expect([await found('trackball'), await found('keyboard'), await found('wired')]).toEqual([
    [],
    ['a'],
    [],
  ]);
  expect((await shard.count({ words: ['trackball', 'keyboard', 'wired'] })).df).toEqual([0, 1, 0]);
});

test('an exact key comes before all words: an id, then an identifier, then a code in a title', async () => {
  await shard.write([
    titled('dcs8325', 'some camera'),
    put('b', 'Mice', QUERY, { title: 'some camera', mpn: 'DCS-8325' }),
    titled('c', 'camera DCS-8325'),
    titled('d', 'dcs camera 8325 camera'),
  ]);
  const text = { ...textOf('camera'), exactKey: 'dcs8325' };
  const { hits } = await shard.search(NONE, { text, exact: false });
  expect(hits.ids).toEqual(['dcs8325', 'b', 'c', 'd']);
  expect(hits.scores.exact).toEqual([3, 2, 1, 0]);
  // Keys are no words: no beginning and no near spelling finds them.
  const { prefixed, near } = await shard.count({ prefix: '', near: ['dcs832'] });
  expect(prefixed.map(({ word }) => word)).not.toContain('3dcs8325');
  expect(near).toEqual([[]]);
});

test('phrases stand side by side, excluded words nowhere, and a category cuts the postings', async () => {
  await shard.write([
    titled('a', 'usb cable black'),
    titled('b', 'cable for usb'),
    titled('c', 'usb cable red'),
    titled('d', 'usb cable', 'Pans'),
  ]);
  const text = { ...textOf('cable'), phrases: [['usb', 'cable']], excluded: ['red'] };
  const { hits, matches } = await shard.search(QUERY, { text });
  expect([hits.ids, matches]).toEqual([['a', 'd'], 2]);
  const { partitions } = await shard.store.placement('shop');
  const pans = partitions.filter(({ categories }) => categories.includes('Pans'));
  expect((await shard.search(QUERY, { text, partitions: pans })).hits.ids).toEqual(['d']);
});

test('a hit says what it matched by, the steps how many postings its words have, and its types', async () => {
  await shard.write([put('a', 'Mice', QUERY, { title: 'red mouse', attributes: { dpi: 3 } })]);
  const text = {
    analyzer: ANALYZER_VERSION,
    generation: 0,
    slots: [
      { idf: 2, alternatives: [{ words: ['mouse'], weight: 1 }] },
      {
        idf: 1,
        alternatives: [
          { words: ['nothing'], weight: 1 },
          { words: ['red'], weight: 0.8 },
        ],
      },
    ],
  };
  const { hits, explanation } = await shard.search(QUERY, { text, explain: true });
  const words = explanation?.matched?.[0]?.map(({ slot, word, weight }) => [slot, word, weight]);
  expect(words).toEqual([
    [0, 'mouse', 1],
    [1, 'red', 0.8],
  ]);
  const step = explanation?.steps.find(({ plan }) => plan === 'words');
  expect(step).toMatchObject({ matches: 1, postings: [1, 1] });
  const { sets, of } = hits.types ?? { sets: [], of: [] };
  const types = new Uint32Array(new Uint8Array(sets[of[0] as number] as Uint8Array).buffer);
  expect(types).toHaveLength(2);
  expect([...types]).toEqual([...types].sort((a, b) => a - b));
});

test('what the first phase pinned is what the second searches, whatever is written between', async () => {
  await shard.write([titled('a', 'red mouse'), titled('b', 'red pad')]);
  const counted = await shard.count({ words: ['red'], pin: true });
  expect([counted.df, counted.live, counted.ready]).toEqual([[2], 2, true]);
  await shard.write([remove('a'), titled('c', 'red cable')]);
  const text = textOf('red');
  const ids = async (pinned?: string) =>
    (await shard.search(NONE, { text, pinned })).hits.ids.sort();
  expect(await ids(counted.searcher)).toEqual(['a', 'b']);
  // It is gone with that.
  expect(await ids(counted.searcher)).toEqual(['b', 'c']);
  // At its deadline it goes by itself, and a shard closes while some are kept.
  const { searcher } = await shard.count({ words: ['red'], pin: true, budgetMs: 20 });
  await new Promise((resolve) => setTimeout(resolve, 60));
  await shard.write([remove('b')]);
  expect(await ids(searcher)).toEqual(['c']);
  await shard.count({ words: ['red'], pin: true });
});

test('words of settings that the shard does not have are not counted as none', async () => {
  await shard.write([titled('a', 'red mouse')]);
  const counted = await shard.count({ words: ['red'], generation: 7 });
  expect([counted.df, counted.ready]).toEqual([[0], false]);
});

test('words that another version of the analyzer made are refused', async () => {
  await shard.write([titled('a', 'red mouse')]);
  const asked = { words: ['red'], analyzer: ANALYZER_VERSION + 1 };
  await expect(shard.count(asked)).rejects.toMatchObject({ code: 'unavailable' });
});

test('both phases go over the wire', async () => {
  await shard.write([titled('a', 'red mouse'), titled('b', 'read me')]);
  const served = await serveShard(shard);
  try {
    const deadline = Deadline.after(10_000);
    const asked = {
      tenant: 'shop',
      model: 'm1',
      counter: (await shard.store.placement('shop')).counter,
      group: 's1/',
      partitions: null,
      analyzer: ANALYZER_VERSION,
      generation: 0,
      budgetMs: 5_000,
    };
    const words = {
      words: ['red', 'x'],
      near: ['rred'],
      prefix: 're',
      pairs: [['red', 'mouse']] as const,
    };
    const { node, answer: counted } = await served.fleet.countWords(
      { nodes: ['s1'] },
      { ...asked, ...words },
      deadline,
    );
    if (counted.type === 'moved') throw new Error('moved');
    expect(node).toBe('s1');
    expect(counted).toMatchObject({ live: 2, df: [1, 0], adjacent: [1], timedOut: false });
    expect(counted.prefixed.map(({ word }) => word).sort()).toEqual(['read', 'red']);
  } finally {
    await served.close();
  }
});
