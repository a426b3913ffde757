import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Filter } from '../../src/filter/filter.js';
import type { SearchReply, SearchRequest } from '../../src/search/search-types.js';
import { anyCaller } from './caller.js';
import { BruteShop, catalogue, idsOf, putProduct } from './brute-shop.js';

const SHARDS = [1, 2, 5];
const TEXTS = ['wireless mouse', 'silent gaming lamp', 'cordless', 'black compact pro mouse lamp'];
const FILTERS: readonly Filter[] = [
  { kind: 'and', of: [] },
  { kind: 'and', of: [{ kind: 'in', field: 'category', values: ['Mice', 'Pans'] }] },
  { kind: 'and', of: [{ kind: 'range', field: 'price', op: 'lte', value: 30 }] },
];
const PLAIN = { prefix: undefined, ranges: undefined, disjunctive: false };
const FACETS = ['brand', 'category', 'price', 'attributes.Colour', 'in_stock'].map((field) => ({
  ...{ field, limit: 100 },
  ...PLAIN,
}));

let shops: BruteShop[];

beforeAll(async () => {
  shops = await Promise.all(SHARDS.map((shards) => BruteShop.open(shards)));
  for (const shop of shops) await shop.write(catalogue(240).map(putProduct));
});
afterAll(async () => {
  await Promise.all(shops.map((shop) => shop.close()));
});

const first = (): BruteShop => shops[0] as BruteShop;

/** The reply without what differs from one run to the next. */
function told({ hits, shop, missing, text }: SearchReply): unknown {
  return {
    hits: hits.map(({ id, score, scores }) => ({ id, score, scores })),
    shop,
    missing,
    text,
  };
}

const narrowed = (filter: Filter, clause: Filter): Filter => {
  return { kind: 'and', of: filter.kind === 'and' ? [...filter.of, clause] : [filter, clause] };
};

describe('invariant 10: totals, facets, sort and pages are of one result set', () => {
  test.each(TEXTS)('on any number of shards: %s', async (query) => {
    for (const filter of FILTERS) {
      const replies = await Promise.all(
        shops.map((shop) => shop.ask(query, { facets: FACETS }, { filter, topK: 300 })),
      );
      const [one, ...others] = replies.map(told);
      expect((replies[0] as SearchReply).shop.total).toBeGreaterThan(0);
      for (const other of others) expect(other).toEqual(one);
    }
  });

  test("a facet's count is the total after the click", async () => {
    for (const query of [...TEXTS.slice(1, 3), undefined]) {
      for (const filter of FILTERS) {
        const { shop } = await first().ask(query, { facets: FACETS }, { filter, topK: 1 });
        for (const { field, values } of shop.facets) {
          for (const { value, count } of values) {
            const clicked = narrowed(filter, { kind: 'in', field, values: [value] });
            const after = await first().ask(query, {}, { filter: clicked });
            expect([field, value, after.shop.total]).toEqual([field, value, count]);
          }
        }
      }
    }
  });

  test('pages of any size are slices of one order, whatever orders it', async () => {
    const sorts = [
      [],
      [{ field: 'price', order: 'asc' as const }],
      [
        { field: 'brand', order: 'desc' as const },
        { field: '_score', order: 'desc' as const },
      ],
    ];
    for (const query of [...TEXTS.slice(0, 2), undefined]) {
      for (const sort of sorts) {
        for (const [i, shop] of shops.entries()) {
          const whole = idsOf(await shop.ask(query, { sort }, { topK: 300 }));
          const topK = 11 + 13 * i;
          const pages: string[] = [];
          for (let from = 0; from < whole.length; from += topK) {
            pages.push(...idsOf(await shop.ask(query, { sort, from }, { topK })));
          }
          expect(pages).toEqual(whole);
        }
      }
    }
  });

  test('sort of what a text finds is the sort of all of it, what has no value last', async () => {
    for (const order of ['asc', 'desc'] as const) {
      const sort = [{ field: 'price', order }];
      const { hits } = await first().ask('wireless mouse', { sort }, { topK: 300 });
      const found = await first().ask('wireless mouse', {}, { topK: 300 });
      expect(idsOf({ hits } as SearchReply).toSorted()).toEqual(idsOf(found).toSorted());
      const prices = hits.map(({ product }) => product['price'] as number | undefined);
      const sign = order === 'asc' ? 1 : -1;
      const rank = (price: number | undefined): number =>
        price === undefined ? Infinity : sign * price;
      expect(prices).toEqual(prices.toSorted((a, b) => rank(a) - rank(b)));
    }
  });

  test('all words are required while ten products have them, then the least telling goes', async () => {
    const shop = first();
    const { hits, shop: of } = await shop.ask(
      'wireless mouse',
      {},
      { topK: 300, text: { mode: 'keyword', prefix: false, understand: false, highlight: [] } },
    );
    const rows = await shop.fleet.rows();
    const both = rows.filter(({ words }) => words.has('wireless') && words.has('mouse'));
    expect(both.length).toBeGreaterThanOrEqual(10);
    expect(idsOf({ hits } as SearchReply).toSorted()).toEqual(both.map(({ id }) => id).toSorted());
    expect(of.total).toBe(both.length);
  });

  test('a facet that ignores its own filter counts what another click on it would give', async () => {
    const filter: Filter = {
      kind: 'and',
      of: [{ kind: 'in', field: 'brand', values: ['Brand 1'] }],
    };
    const facets = [{ ...PLAIN, field: 'brand', limit: 10, disjunctive: true }];
    const { shop } = await first().ask('wireless mouse', { facets }, { filter });
    const [brands] = shop.facets;
    expect(brands?.values.length).toBeGreaterThan(1);
    for (const { value, count } of brands?.values ?? []) {
      const other: Filter = { kind: 'in', field: 'brand', values: [value] };
      expect((await first().ask('wireless mouse', {}, { filter: other })).shop.total).toBe(count);
    }
  });

  test('values beyond the limit are summed, ranges keep their order and their zeros', async () => {
    const ranges = [{ from: 20, to: 30, label: 'middle' }, { from: 1_000 }, { to: 20 }];
    for (const shop of shops) {
      const { shop: of } = await shop.ask(undefined, {
        facets: [
          { ...PLAIN, field: 'brand', limit: 2 },
          { ...PLAIN, field: 'price', limit: 10, ranges },
        ],
      });
      const [brand, price] = of.facets;
      const all = (await shop.ask(undefined, { facets: FACETS })).shop.facets[0];
      const counts = all?.values.map(({ count }) => count) ?? [];
      expect(brand?.values.map(({ count }) => count)).toEqual(counts.slice(0, 2));
      expect(brand?.other).toBe(counts.slice(2).reduce((a, b) => a + b, 0));
      expect(price?.values.map(({ value }) => value)).toEqual(['middle', '1000-', '-20']);
      expect(price?.values[1]?.count).toBe(0);
      expect(price?.stats).toMatchObject({ min: 5, max: 64 });
    }
  });
});

describe('searches of one query in a batch', () => {
  test('are answered as they are alone, by one message a shard', async () => {
    const shop = shops[1] as BruteShop;
    const requests = FILTERS.flatMap((filter): SearchRequest[] => [
      shop.request('wireless mouse', { facets: FACETS }, { filter }),
      shop.request('wireless mouse', { sort: [{ field: 'price', order: 'asc' }] }, { filter }),
      shop.request('silent lamp', {}, { filter, topK: 0 }),
    ]);
    const alone: unknown[] = [];
    for (const request of requests) {
      alone.push(told(await shop.search.search(request, anyCaller())));
    }
    shop.fleet.asked.length = 0;
    const together = await shop.search.searchBatch(requests, anyCaller());
    expect(together.map((reply) => told(reply as SearchReply))).toEqual(alone);
    const counted = (kind: string): number => shop.fleet.asked.filter((one) => one === kind).length;
    // Two texts, two shards.
    expect([counted('choose'), counted('views')]).toEqual([4, 4]);
  });
});
