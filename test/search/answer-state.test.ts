import { expect, test } from 'vitest';
import type { ModelIdentity } from '../../src/core/product.js';
import { MATCH_ALL } from '../../src/filter/filter.js';
import { CompiledBook } from '../../src/merchandising/rule-book.js';
import { RuleIndex } from '../../src/merchandising/rule-index.js';
import { SynonymTable } from '../../src/merchandising/synonyms.js';
import { AnswerState } from '../../src/search/answer-state.js';
import type { SearchRequest } from '../../src/search/search-types.js';
import { encodeMark } from '../../src/store/position.js';
import { servingSettings } from '../../src/tenancy/tenant-settings.js';

const MODEL: ModelIdentity = { name: 'm', fingerprint: 'f', dimensions: 4 };

const searchOf = (tenant: string): SearchRequest => ({
  ...{ tenant, query: 'x', topK: 1, filter: MATCH_ALL, fields: undefined },
  ...{ exact: false, explain: false, timeoutMs: 1_000 },
});

function open() {
  const world = { head: 1, nowMs: 0, behind: false, settings: {}, book: '1', reads: 0 };
  const sources = {
    store: {
      head: async () => {
        world.reads++;
        return encodeMark(world.head);
      },
    },
    tenants: { settings: async () => servingSettings({ settings: world.settings }) },
    books: {
      of: async () =>
        new CompiledBook(world.book, new RuleIndex('en'), new SynonymTable(servingSettings().text)),
    },
    priceLists: { find: async (_: string, name: string) => (name === 'gold' ? 1 : undefined) },
    model: MODEL,
    isBehind: () => world.behind,
  };
  const state = new AnswerState(sources, () => world.nowMs);
  const of = (tenant: string, priceList?: string) => state.of({ ...searchOf(tenant), priceList });
  return { world, of };
}

test('is the same as long as nothing changes, and told only once writes have settled', async () => {
  const { world, of } = open();
  expect(await of('a')).toBeUndefined();
  world.nowMs = 2_000;
  const first = await of('a');
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  world.nowMs = 60_000;
  expect(await of('a')).toBe(first);

  world.head = 2;
  world.nowMs += 250;
  expect(await of('a')).toBeUndefined();
  world.nowMs += 2_000;
  expect(await of('a')).not.toBe(first);
  world.behind = true;
  expect(await of('a')).toBeUndefined();
});

test('is another with other settings or rules, and of another tenant', async () => {
  const { world, of } = open();
  await Promise.all([of('a'), of('b')]);
  world.nowMs = 2_000;
  const before = await of('a');
  expect(await of('b')).not.toBe(before);
  world.settings = { facets: ['brand'] };
  const other = await of('a');
  expect(other).not.toBe(before);
  world.book = '2';
  expect(await of('a')).not.toBe(other);
});

test('is told of a price list that is there, and of no other', async () => {
  const { world, of } = open();
  await of('a');
  world.nowMs = 2_000;
  expect(await of('a', 'gold')).toMatch(/^[0-9a-f]{32}$/);
  expect(await of('a', 'silver')).toBeUndefined();
});

test('asks the store a few times a second, however many ask', async () => {
  const { world, of } = open();
  for (let i = 0; i < 1_000; i++) {
    world.nowMs = i;
    await of('a');
  }
  expect(world.reads).toBe(4);
});
