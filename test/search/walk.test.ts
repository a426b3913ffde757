import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PLAIN_TEXT, type SearchRequest, type ShopOptions } from '../../src/search/search-types.js';
import { remove } from '../shard/shard-fixture.js';
import { BruteShop, catalogue, idsOf, putProduct, seeded } from './brute-shop.js';
import { TENANT } from './brute-fleet.js';

let shop: BruteShop;

beforeEach(async () => {
  shop = await BruteShop.open(2);
  await shop.write(catalogue(160).map(putProduct));
});
afterEach(() => shop.close());

type Asked = [SearchRequest['query'], Partial<ShopOptions>?, Partial<SearchRequest>?];

/** All hits of a walk, page by page; `between` happens after each. */
async function walk(
  [query, options = {}, more = {}]: Asked,
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined = '';
  for (let page = 0; cursor !== undefined; page++) {
    const reply = await shop.ask(query, { ...options, cursor, wantsCursor: true }, more);
    expect(reply.missing).toEqual([]);
    ids.push(...idsOf(reply));
    cursor = reply.shop.nextCursor;
    await between(page);
  }
  return ids;
}

const ORDERS: [string, Asked][] = [
  ['words and meaning', ['wireless mouse', {}, { topK: 9 }]],
  ['pages longer than what is ranked anew', ['wireless mouse', {}, { topK: 70 }]],
  ['a price', ['wireless mouse', { sort: [{ field: 'price', order: 'asc' }] }, { topK: 9 }]],
  ['nothing: all there is', [undefined, {}, { topK: 13 }]],
  ['words alone', ['black lamp', {}, { topK: 5, text: { ...PLAIN_TEXT, mode: 'keyword' } }]],
  [
    'pins',
    [
      'wireless',
      {
        pinned: [
          { id: 'p003', position: 2 },
          { id: 'p100', position: 77 },
        ],
      },
      { topK: 9 },
    ],
  ],
  ['variety', ['wireless', { diversify: { field: 'brand', limit: 2 } }, { topK: 9 }]],
  [
    'a boost',
    [
      'wireless',
      { boosts: [{ filter: { kind: 'in', field: 'brand', values: ['Brand 2'] }, weight: 0.4 }] },
      { topK: 9 },
    ],
  ],
];

describe('a walk over all pages', () => {
  test.each(ORDERS)('is the whole in its order, by %s', async (_, asked) => {
    const [query, options = {}, more = {}] = asked;
    const whole = await shop.ask(query, options, { ...more, topK: 500 });
    const ids = await walk(asked);
    expect(ids.toSorted()).toEqual(idsOf(whole).toSorted());
    expect(ids).toHaveLength(whole.shop.total);
    // A pin behind what is looked at first has its place when the pages are counted, not in a walk.
    if (options.pinned === undefined) expect(ids).toEqual(idsOf(whole));
    else expect(ids.slice(0, 20)).toEqual(idsOf(whole).slice(0, 20));
  });

  test.each(ORDERS)(
    'under writes has what is unchanged once, what is changed at most once, by %s',
    async (_, asked) => {
      const [query, options = {}, more = {}] = asked;
      const before = idsOf(await shop.ask(query, options, { ...more, topK: 500 }));
      const products = new Map(catalogue(160).map((product) => [product.id, product]));
      const touched = new Set<string>();
      const next = seeded(99);
      const ids = await walk(asked, async (page) => {
        const writes = Array.from({ length: 6 }, (__, i) => {
          const id = `p${String(next(160)).padStart(3, '0')}`;
          touched.add(id);
          if (i === 0) return remove(id);
          return putProduct({
            ...products.get(id),
            id,
            title: 'wireless mouse',
            price: next(80),
            page,
          });
        });
        await shop.write([
          ...writes,
          putProduct({ id: `new${page}`, title: 'wireless black mouse lamp' }),
        ]);
      });
      expect(new Set(ids).size).toBe(ids.length);
      const unchanged = (id: string): boolean => !touched.has(id);
      const found = [ids, before].map((list) => list.filter(unchanged));
      const [now, then] =
        options.pinned === undefined ? found : found.map((list) => list.toSorted());
      expect(now).toEqual(then);
      const { entries } = await shop.store.readFeed(TENANT, undefined, 1_000);
      const gone = new Set(entries.filter(({ deleted }) => deleted).map(({ id }) => id));
      expect(gone.size).toBeGreaterThan(0);
      expect(ids.some((id) => id.startsWith('new'))).toBe(false);
    },
  );

  test('waits until shards know what was written before it began', async () => {
    const known = await shop.fleet.rows();
    shop.fleet.knownUntil = Math.max(...known.map(({ version }) => version));
    await shop.write([putProduct({ id: 'p000', title: 'wireless mouse', price: 1 })]);
    const waited: Uint8Array[] = [];
    shop.fleet.awaitApplied = async (_, mark) => {
      waited.push(mark);
      shop.fleet.knownUntil = undefined;
      return [];
    };
    const { shop: of, hits } = await shop.ask('wireless mouse', { cursor: '' }, { topK: 500 });
    expect(waited).toHaveLength(1);
    expect(idsOf({ hits } as never)).toContain('p000');
    expect(of.nextCursor).toBeUndefined();
    // Nothing was written since: nobody is asked again.
    await shop.ask('wireless mouse', { cursor: '' }, { topK: 500 });
    expect(waited).toHaveLength(1);

    await shop.write([putProduct({ id: 'p001', title: 'wireless mouse', price: 2 })]);
    shop.fleet.awaitApplied = async () => ['s1'];
    const { missing } = await shop.ask('wireless mouse', { cursor: '' }, { topK: 5 });
    expect(missing).toEqual([{ part: 'shard', shard: 's1', reason: 'stale_index' }]);
  });
});

describe('a cursor', () => {
  const cursorOf = async (): Promise<string> => {
    const { shop: of } = await shop.ask('wireless mouse', { cursor: '' }, { topK: 5 });
    return of.nextCursor as string;
  };

  test('is refused where anything of it was changed', async () => {
    const cursor = await cursorOf();
    for (let i = 0; i < cursor.length; i += 37) {
      const letter = cursor[i] === 'A' ? 'B' : 'A';
      const changed = cursor.slice(0, i) + letter + cursor.slice(i + 1);
      const asked = shop.ask('wireless mouse', { cursor: changed }, { topK: 5 });
      await expect(asked).rejects.toMatchObject({ code: 'invalid_field', field: 'cursor' });
    }
    for (const cursor of ['x', 'A'.repeat(50_000), 'ä']) {
      const asked = shop.ask('wireless mouse', { cursor }, { topK: 5 });
      await expect(asked).rejects.toMatchObject({ code: 'invalid_field', field: 'cursor' });
    }
  });

  test('goes on with the request that it came from, whatever its page sizes', async () => {
    const cursor = await cursorOf();
    const refused = { code: 'invalid_field', field: 'cursor' };
    const other = shop.ask('wireless lamp', { cursor }, { topK: 5 });
    await expect(other).rejects.toMatchObject(refused);
    const sort = [{ field: 'price', order: 'asc' as const }];
    await expect(shop.ask('wireless mouse', { cursor, sort }, {})).rejects.toMatchObject(refused);
    const tenant = shop.ask('wireless mouse', { cursor }, { tenant: 'other' });
    await expect(tenant).rejects.toMatchObject(refused);
    const grouped = shop.ask('wireless mouse', { cursor: '', group: { field: 'brand', limit: 2 } });
    await expect(grouped).rejects.toMatchObject(refused);
    const { hits } = await shop.ask('wireless mouse', { cursor, facets: [] }, { topK: 50 });
    expect(hits.length).toBeGreaterThan(5);
  });

  test('serves another node of the same store, and none of another store', async () => {
    const cursor = await cursorOf();
    const other = await BruteShop.open(2);
    await other.write(catalogue(160).map(putProduct));
    const asked = other.ask('wireless mouse', { cursor }, { topK: 5 });
    await expect(asked).rejects.toMatchObject({ code: 'invalid_field', field: 'cursor' });
    await other.close();
    const node = shop.anotherNode();
    const { hits } = await node(shop.request('wireless mouse', { cursor }, { topK: 5 }));
    expect(hits).toHaveLength(5);
  });
});
