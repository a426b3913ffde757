import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { compareBytes } from '../../src/core/ids.js';
import type { PriceEntry } from '../../src/core/price-entries.js';
import type { Product } from '../../src/core/product.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { RootSearch } from '../../src/search/root-search.js';
import {
  PLAIN_SHOP,
  PLAIN_TEXT,
  type SearchReply,
  type SearchRequest,
  type ShopOptions,
} from '../../src/search/search-types.js';
import type { PriceWrite, ProductWrite } from '../../src/store/store.js';
import type { Narrowing } from '../../src/tenancy/narrowing.js';
import { PriceLists } from '../../src/tenancy/price-lists.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { DIMENSIONS, MODEL, put, remove, ShardFixture } from '../shard/shard-fixture.js';
import { searchableOver, serveShard, type ServedShard } from '../shard/served-shard.js';
import { seeded } from './brute-shop.js';
import { anyCaller } from './caller.js';

const LISTS = ['gold', 'silver', 'berlin'];
const CATEGORIES = ['Mice', 'Pans'];
const WORDS = ['silent', 'black', 'compact'];
const IDS = 240;
const ROUNDS = 20;
const SEARCHES_A_ROUND = 50;
/** No list says anything of more hits. */
const TOP_K = 30;

let shard: ShardFixture;
let served: ServedShard;
let search: RootSearch;
let lists: PriceLists;

beforeEach(async () => {
  shard = await ShardFixture.open();
  for (const category of CATEGORIES) await shard.place(category);
  await serve();
});

afterEach(async () => {
  await served.close();
  await shard.close();
});

async function serve(): Promise<void> {
  served = await serveShard(shard, 512);
  const { store } = shard;
  lists = new PriceLists(store.records);
  search = new RootSearch({
    model: { name: 'test', fingerprint: MODEL, dimensions: DIMENSIONS },
    ...{ encoder: undefined, placements: new PlacementCache(store), fleet: served.fleet },
    searchable: searchableOver(store, served.fleet),
    ...{ store, priceLists: lists, tenants: new TenantDirectory(store.records, true) },
    logger: pino({ level: 'silent' }),
  });
}

async function restart(): Promise<void> {
  await served.close();
  await shard.restart();
  await shard.settle();
  await serve();
}

const request = (rest: Partial<SearchRequest> & { shop?: ShopOptions }): SearchRequest => ({
  ...{ tenant: 'shop', query: undefined, topK: TOP_K, filter: MATCH_ALL, fields: undefined },
  ...{ exact: false, explain: false, timeoutMs: 10_000, ...rest },
});

/** All that was written, and searches of it by looking at each product. */
class Model {
  readonly products = new Map<string, Product>();
  readonly entries = new Map<string, Map<string, PriceEntry>>();

  /** As a list shows it. */
  shown(product: Product, list: string): Product {
    const entry = this.entries.get(list)?.get(product.id);
    const { price, inStock } = entry ?? {};
    return {
      ...product,
      ...(price === undefined ? {} : { price }),
      ...(inStock === undefined ? {} : { in_stock: inStock }),
    };
  }

  matching(list: string, filter: Filter): Product[] {
    const matcher = new DocumentFilter(filter);
    const shown = [...this.products.values()].map((product) => this.shown(product, list));
    return shown.filter((product) => matcher.matches(product));
  }
}

/** What is written in a round, applied to the model as well; numbers of lists by name. */
function someWrites(
  model: Model,
  numbers: ReadonlyMap<string, number>,
  below: (n: number) => number,
): ProductWrite[] {
  const count = 1 + below(120);
  return Array.from({ length: count }, (): ProductWrite => {
    const id = `p${below(IDS)}`;
    const kind = below(10);
    if (kind === 0) {
      model.products.delete(id);
      for (const entries of model.entries.values()) entries.delete(id);
      return remove(id);
    }
    if (kind < 4) {
      const category = CATEGORIES[below(2)] as string;
      const vector = Array.from({ length: DIMENSIONS }, () => 1 + below(100));
      const fields = {
        title: `mouse ${WORDS[below(3)]}`,
        ...(below(5) === 0 ? {} : { price: below(2_000) / 100 }),
        ...(below(4) === 0 ? {} : { in_stock: below(2) === 0 }),
      };
      const write = put(id, category, vector, fields);
      if (write.op === 'put') model.products.set(id, write.product);
      return write;
    }
    return priceWrite(model, numbers, below, id);
  });
}

function priceWrite(
  model: Model,
  numbers: ReadonlyMap<string, number>,
  below: (n: number) => number,
  id: string,
): PriceWrite {
  const name = LISTS[below(LISTS.length)] as string;
  const entry: PriceEntry | undefined = [
    undefined,
    { price: below(2_000) / 100 },
    { inStock: below(2) === 0 },
    { price: below(50) / 3, inStock: below(2) === 0 },
  ][below(4)];
  const entries = model.entries.get(name) ?? new Map<string, PriceEntry>();
  model.entries.set(name, entries);
  if (model.products.has(id)) {
    if (entry === undefined) entries.delete(id);
    else entries.set(id, entry);
  }
  return { op: 'price', id, list: numbers.get(name) as number, entry };
}

function someFilter(below: (n: number) => number): Filter {
  const price = (op: 'lt' | 'gte'): Filter => {
    return { kind: 'range', field: 'price', op, value: below(2_000) / 100 };
  };
  const all: Filter[] = [
    price('lt'),
    price('gte'),
    { kind: 'in', field: 'in_stock', values: [below(2) === 0] },
    { kind: 'exists', field: 'price', exists: below(2) === 0 },
    { kind: 'not', of: { kind: 'in', field: 'in_stock', values: [true] } },
    { kind: 'in', field: 'category', values: [CATEGORIES[below(2)] as string] },
    { kind: 'or', of: [price('lt'), { kind: 'exists', field: 'in_stock', exists: false }] },
  ];
  return { kind: 'and', of: all.filter(() => below(4) === 0) };
}

const RANGES = [{ to: 5 }, { from: 5, to: 12.5 }, { from: 12.5 }];

function checkCounts({ shop }: SearchReply, matching: readonly Product[]): void {
  expect(shop.total).toBe(matching.length);
  const [ranges, stock] = shop.facets;
  const priced = matching.flatMap(({ price }) => (typeof price === 'number' ? [price] : []));
  const within = RANGES.map(
    ({ from = -Infinity, to = Infinity }) => priced.filter((p) => p >= from && p < to).length,
  );
  expect(ranges?.values.map(({ count }) => count)).toEqual(within);
  if (priced.length > 0) expect(ranges?.stats?.min).toBe(Math.min(...priced));
  const counts = new Map(stock?.values.map(({ value, count }) => [value, count]));
  for (const value of [true, false]) {
    const expected = matching.filter((product) => product['in_stock'] === value).length;
    expect(counts.get(value) ?? 0).toBe(expected);
  }
}

test('searches under a list are those over products with its prices and stock, whatever is written', async () => {
  const below = seeded(20);
  const model = new Model();
  const numbers = new Map<string, number>();
  for (const name of LISTS) numbers.set(name, await lists.ensure('shop', name));

  for (let round = 0; round < ROUNDS; round++) {
    await shard.write(someWrites(model, numbers, below));
    if (round % 5 === 4) await restart();
    for (let i = 0; i < SEARCHES_A_ROUND; i++) {
      // A write behind the back of the searches before it: columns are brought up to date.
      if (i % 10 === 9) await shard.write([priceWrite(model, numbers, below, `p${below(IDS)}`)]);
      const list = LISTS[below(LISTS.length)] as string;
      const filter = someFilter(below);
      const order = below(2) === 0 ? 'asc' : 'desc';
      const isText = below(3) === 0;
      const reply = await search.search(
        request({
          ...{ filter, priceList: list, exact: isText },
          ...(isText ? { query: 'mouse', text: PLAIN_TEXT } : {}),
          shop: {
            ...PLAIN_SHOP,
            sort: [{ field: 'price', order }],
            facets: [
              { field: 'price', limit: 10, prefix: undefined, ranges: RANGES, disjunctive: false },
              {
                ...{ field: 'in_stock', limit: 10, prefix: undefined },
                ...{ ranges: undefined, disjunctive: false },
              },
            ],
          },
        }),
        anyCaller(),
      );
      expect(reply.missing).toEqual([]);
      const matching = model.matching(list, filter);
      checkCounts(reply, matching);
      const sign = order === 'asc' ? 1 : -1;
      const key = ({ price }: Product): number =>
        typeof price === 'number' ? sign * price : Infinity;
      const sorted = matching.sort((a, b) =>
        key(a) === key(b) ? compareBytes(a.id, b.id) : key(a) - key(b),
      );
      expect(reply.hits.map(({ product }) => product)).toEqual(sorted.slice(0, TOP_K));
    }
  }
  // What was compared was sealed, merged and loaded along with its prices.
  expect(shard.manifest()?.prices?.some((file) => file !== null)).toBe(true);
}, 180_000);

/** Ten mice of 1 to 10, of which a list has the first three for a hundred times as much. */
async function tenMice(): Promise<number> {
  const number = await lists.ensure('shop', 'gold');
  const writes = Array.from({ length: 10 }, (_, i) =>
    put(`p${i}`, 'Mice', [1, i / 100, 0, 0, 0, 0, 0, 0], { title: 'mouse', price: i + 1 }),
  );
  await shard.write(writes);
  await shard.write(
    [0, 1, 2].map((i): PriceWrite => {
      return { op: 'price', id: `p${i}`, list: number, entry: { price: 100 * (i + 1) } };
    }),
  );
  return number;
}

const idsOf = ({ hits }: SearchReply): string[] => hits.map(({ id }) => id);
const priceBelow = (value: number): Filter => ({ kind: 'range', field: 'price', op: 'lt', value });

test('each search of a batch goes by the list that it names', async () => {
  await tenMice();
  const plain = request({ filter: priceBelow(4) });
  const replies = await search.searchBatch(
    [plain, { ...plain, priceList: 'gold' }, { ...plain, priceList: 'nobody' }, plain],
    anyCaller(),
  );
  const [own, gold, nobody, again] = replies as [SearchReply, SearchReply, unknown, SearchReply];
  expect(idsOf(own)).toEqual(['p0', 'p1', 'p2']);
  expect(idsOf(gold)).toEqual([]);
  expect(nobody).toMatchObject({ code: 'invalid_field', field: 'price_list' });
  expect(idsOf(again)).toEqual(['p0', 'p1', 'p2']);
});

test('by a vector, by likeness, grouped and boosted, the prices are those of the list', async () => {
  await tenMice();
  const common = { priceList: 'gold', filter: priceBelow(200), topK: 4 };
  const query = new Float32Array([1, 0, 0, 0, 0, 0, 0, 0]);
  const byVector = await search.search(request({ ...common, query }), anyCaller());
  expect(byVector.hits.map(({ id, product }) => [id, product['price']])).toEqual([
    ['p0', 100],
    ['p3', 4],
    ['p4', 5],
    ['p5', 6],
  ]);
  const like = await search.search(request({ ...common, similarTo: 'p0' }), anyCaller());
  expect(idsOf(like)).toEqual(['p3', 'p4', 'p5', 'p6']);
  const group = { field: 'price', limit: 1 };
  const grouped = await search.search(
    request({ priceList: 'gold', shop: { ...PLAIN_SHOP, group } }),
    anyCaller(),
  );
  expect(grouped.hits.map(({ product }) => product['price'])).toEqual(
    expect.arrayContaining([100, 200, 300]),
  );
  const boosts = [{ filter: { kind: 'in', field: 'price', values: [300] } as Filter, weight: 5 }];
  const boosted = await search.search(
    request({ priceList: 'gold', query, shop: { ...PLAIN_SHOP, boosts } }),
    anyCaller(),
  );
  expect(idsOf(boosted)[0]).toBe('p2');
});

test('what is cheap is so under the list', async () => {
  await tenMice();
  const cheap = request({ query: 'cheap mouse', text: { ...PLAIN_TEXT, understand: true } });
  expect(idsOf(await search.search(cheap, anyCaller())).sort()).toEqual(['p0', 'p1', 'p2', 'p3']);
  const gold = await search.search({ ...cheap, priceList: 'gold' }, anyCaller());
  expect(idsOf(gold).sort()).toEqual(['p3', 'p4', 'p5', 'p6']);
});

test('a cursor is of one list', async () => {
  await tenMice();
  const shop = { ...PLAIN_SHOP, sort: [{ field: 'price', order: 'asc' as const }] };
  const first = request({ priceList: 'gold', topK: 4, shop: { ...shop, wantsCursor: true } });
  const page = await search.search(first, anyCaller());
  expect(idsOf(page)).toEqual(['p3', 'p4', 'p5', 'p6']);
  const on = { ...first, shop: { ...shop, wantsCursor: true, cursor: page.shop.nextCursor } };
  const next = await search.search(on, anyCaller());
  expect(idsOf(next)).toEqual(['p7', 'p8', 'p9', 'p0']);
  await expect(search.search({ ...on, priceList: undefined }, anyCaller())).rejects.toMatchObject({
    code: 'invalid_field',
    field: 'cursor',
  });
});

test("invariant 2: a returned list's price is the store's, and one that left the filter is dropped", async () => {
  const list = await tenMice();
  const feed = vi.spyOn(shard.store, 'readFeed');
  feed.mockImplementation(async (_, after) => {
    return { entries: [], position: after ?? new Uint8Array(), atEnd: true, expired: false };
  });
  await shard.store.write('shop', [
    { op: 'price', id: 'p0', list, entry: { price: 900 } },
    { op: 'price', id: 'p1', list, entry: { price: 150, inStock: false } },
  ]);
  const reply = await search.search(
    request({ priceList: 'gold', filter: priceBelow(400), topK: 9, fields: ['price', 'in_stock'] }),
    anyCaller(),
  );
  expect(reply.hits[0]).toMatchObject({ id: 'p1', product: { price: 150, in_stock: false } });
  expect(idsOf(reply)).toEqual(['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p9']);
});

test('a price that only a list has is no unknown field, and no name reaches the prices of another list', async () => {
  const number = await lists.ensure('shop', 'gold');
  const vector = [1, 0, 0, 0, 0, 0, 0, 0];
  await shard.write([put('a', 'Mice', vector), put('b', 'Mice', vector)]);
  await shard.write([{ op: 'price', id: 'a', list: number, entry: { price: 3 } }]);
  const filter = priceBelow(4);
  const gold = await search.search(request({ priceList: 'gold', filter }), anyCaller());
  expect([idsOf(gold), gold.unknownFields]).toEqual([['a'], []]);
  const own = await search.search(request({ filter }), anyCaller());
  expect([idsOf(own), own.unknownFields]).toEqual([[], ['price']]);
  const field = `price\u0000${number}`;
  const stolen: Filter = { kind: 'range', field, op: 'lt', value: 4 };
  const shop = { ...PLAIN_SHOP, sort: [{ field, order: 'asc' as const }] };
  const other = await search.search(request({ filter: stolen, shop }), anyCaller());
  expect(other.shop.total).toBe(0);
});

describe('a key with a filter by price and a list', () => {
  const LTE_50: Filter = { kind: 'range', field: 'price', op: 'lte', value: 50 };
  const narrowing: Narrowing = { filters: [LTE_50], exclude: [], priceList: 'gold', version: 'v' };
  const keyed = (rest: Partial<SearchRequest>): SearchRequest =>
    request({ ...rest, narrowing, priceList: 'gold' });

  /** A trackball that the list alone shows, a zeppelin that it alone hides. */
  async function shownAndHidden(): Promise<void> {
    const number = await lists.ensure('shop', 'gold');
    const vector = [1, 0, 0, 0, 0, 0, 0, 0];
    await shard.write([
      put('shown', 'Mice', vector, { title: 'trackball', price: 500 }),
      put('hidden', 'Mice', vector, { title: 'zeppelin', price: 5 }),
    ]);
    await shard.write([
      { op: 'price', id: 'shown', list: number, entry: { price: 40 } },
      { op: 'price', id: 'hidden', list: number, entry: { price: 400 } },
    ]);
  }

  test('knows the words of what the list shows, and of nothing else', async () => {
    await shownAndHidden();
    const read = async (query: string) => {
      const reply = await search.search(keyed({ query, text: PLAIN_TEXT }), anyCaller());
      return [idsOf(reply), reply.text?.didYouMean];
    };
    expect(await read('trackball')).toEqual([['shown'], []]);
    expect(await read('trackbal')).toEqual([[], ['trackball']]);
    expect(await read('zeppelin')).toEqual([[], []]);
    expect(await read('zepelin')).toEqual([[], []]);
  });

  test('is told what is like a product that the list shows, and of no other', async () => {
    await shownAndHidden();
    await tenMice();
    const like = await search.search(keyed({ similarTo: 'shown', topK: 2 }), anyCaller());
    expect(idsOf(like)).toEqual(['p3', 'p4']);
    const hidden = search.search(keyed({ similarTo: 'hidden' }), anyCaller());
    await expect(hidden).rejects.toMatchObject({ code: 'not_found', field: 'id' });
  });
});
