import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  areOf,
  checkUnchanged,
  joined,
  RowsChanged,
  type FoundStates,
} from '../../src/search/row-states.js';
import { PLAIN_SHOP, PLAIN_TEXT } from '../../src/search/search-types.js';
import { BruteShop, catalogue, idsOf, putProduct } from './brute-shop.js';

const MICE = { kind: 'in', field: 'category', values: ['Mice'] } as const;

let shop: BruteShop;

beforeAll(async () => {
  shop = await BruteShop.open(2);
  await shop.write(catalogue(240).map(putProduct));
  // Only the clock that ages are told by.
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterAll(async () => {
  vi.useRealTimers();
  await shop.close();
});
beforeEach(() => vi.advanceTimersByTime(60_000));

const ask = (query: string, more = {}) => shop.ask(query, {}, { exact: false, topK: 50, ...more });
/** Kinds of the messages that a search takes, one a shard of each. */
async function roundsOf(query: string, more = {}): Promise<string[]> {
  shop.fleet.asked.length = 0;
  await ask(query, more);
  return shop.fleet.asked.filter((_, i) => i % 2 === 0);
}

test('what words came to, and the set chosen by them, hold for as long as no row has changed', async () => {
  const query = 'compact black lamp';
  const first = await ask(query);
  vi.advanceTimersByTime(60_000);
  expect(await roundsOf(query)).toEqual(['views']);
  expect(idsOf(await ask(query))).toEqual(idsOf(first));
  // Other words of which all are known: their set is to be chosen.
  await ask('compact lamp');
  await ask('black pro');
  vi.advanceTimersByTime(60_000);
  expect(await roundsOf('compact black')).toEqual(['choose', 'views']);
});

test('a search that meets changed rows begins anew, and those after it do so at once', async () => {
  const query = 'silent wireless';
  await ask(query);
  vi.advanceTimersByTime(60_000);
  const title = 'Silent wireless silent wireless';
  await shop.write([putProduct({ id: 'new', title })]);
  const anew = ['words', 'choose', 'views'];
  expect(await roundsOf(query)).toEqual(['views', ...anew]);
  expect(idsOf(await ask(query))[0]).toBe('new');
  vi.advanceTimersByTime(3_000);
  expect(await roundsOf(query)).toEqual(anew);
  vi.advanceTimersByTime(60_000);
  expect(await roundsOf(query)).toEqual(['views']);
});

test('a word that nobody had is found as soon as somebody has it', async () => {
  expect((await ask('zyxwv')).shop.total).toBe(0);
  vi.advanceTimersByTime(60_000);
  await shop.write([putProduct({ id: 'rare', title: 'Zyxwv' })]);
  expect(idsOf(await ask('zyxwv'))).toEqual(['rare']);
});

test('where only some shards are searched nobody would tell of changes in the others', async () => {
  await ask('compact pro', { filter: MICE });
  vi.advanceTimersByTime(60_000);
  shop.fleet.asked.length = 0;
  await ask('compact pro', { filter: MICE });
  expect(shop.fleet.asked.filter((kind) => kind === 'words')).toHaveLength(2);
});

test('what is known of an empty shop is not gone by', async () => {
  const empty = await BruteShop.open(2);
  try {
    const mode = { text: { ...PLAIN_TEXT, mode: 'keyword' as const }, exact: false };
    expect((await empty.ask('shoe', {}, mode)).shop.total).toBe(0);
    vi.advanceTimersByTime(60_000);
    await empty.write([putProduct({ id: 'first', title: 'Shoe' })]);
    expect(idsOf(await empty.ask('shoe', {}, mode))).toEqual(['first']);
  } finally {
    await empty.close();
  }
});

test('a text that finds nothing counts anew, and others go by what they know', async () => {
  await ask('black mouse');
  const mode = { text: { ...PLAIN_TEXT, mode: 'keyword' as const } };
  await ask('qqqq', mode);
  vi.advanceTimersByTime(60_000);
  expect((await ask('qqqq', mode)).shop.total).toBe(0);
  expect(await roundsOf('black mouse')).toEqual(['views']);
});

test('what a walk chose among its rows is no other search’s', async () => {
  const walked = { shop: { ...PLAIN_SHOP, cursor: '', wantsCursor: true } };
  await ask('cordless lamp', walked);
  vi.advanceTimersByTime(60_000);
  expect(await roundsOf('cordless lamp')).toEqual(['choose', 'views']);
});

test('in exact mode all is counted and chosen anew', async () => {
  await ask('gaming pro', { exact: true });
  vi.advanceTimersByTime(60_000);
  expect(await roundsOf('gaming pro', { exact: true })).toEqual(['words', 'choose', 'views']);
});

test('states are joined where they are of the same rows, and told apart', () => {
  const a = new Map([['s1/', '1']]);
  expect(joined(a, new Map([['s2/', '7']]))).toEqual(
    new Map([
      ['s1/', '1'],
      ['s2/', '7'],
    ]),
  );
  expect(joined(a, new Map([['s1/', '2']]))).toBeUndefined();
  const found = (rows: [string, string | undefined][], ...silent: string[]): FoundStates => {
    return { rows: new Map(rows), silent: new Set(silent) };
  };
  checkUnchanged(a, found([['s1/', '1']]));
  // It did not answer: its part is missing from the reply, whatever it has by now.
  checkUnchanged(a, found([], 's1/'));
  const others = [
    found([['s1/', '2']]),
    found([['s1/', undefined]]),
    found([]),
    found([
      ['s1/', '1'],
      ['s2/', '1'],
    ]),
  ];
  for (const other of others) expect(() => checkUnchanged(a, other)).toThrow(RowsChanged);
  // Of no rows nobody could tell that there are any.
  expect([areOf(a, ['s1/']), areOf(a, ['s2/']), areOf(new Map(), [])]).toEqual([
    true,
    false,
    false,
  ]);
});
