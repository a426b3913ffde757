import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Filter } from '../../src/filter/filter.js';
import { PLAIN_TEXT, type SearchReply } from '../../src/search/search-types.js';
import { BruteShop, catalogue, idsOf, putProduct } from './brute-shop.js';
import { valuesOf } from './brute-fleet.js';

const SHARDS = [1, 2, 5];
let shops: BruteShop[];

beforeAll(async () => {
  shops = await Promise.all(SHARDS.map((shards) => BruteShop.open(shards)));
  for (const shop of shops) await shop.write(catalogue(240).map(putProduct));
});
afterAll(async () => {
  await Promise.all(shops.map((shop) => shop.close()));
});

const first = (): BruteShop => shops[0] as BruteShop;
const only = (field: string, value: string): Filter => ({ kind: 'in', field, values: [value] });
const brandOf = ({ product }: SearchReply['hits'][number]): string | undefined =>
  product['brand'] as string | undefined;

describe('pins', () => {
  test('stand at their positions on every page, and are of the set that is counted', async () => {
    for (const shop of shops) {
      const before = await shop.ask('wireless mouse', {}, { topK: 300 });
      const rows = await shop.fleet.rows();
      const outside = rows.find(({ id }) => !idsOf(before).includes(id))?.id as string;
      const inside = idsOf(before)[9] as string;
      const pinned = [
        { id: outside, position: 2 },
        { id: inside, position: 12 },
      ];
      const { hits, shop: of } = await shop.ask('wireless mouse', { pinned }, { topK: 10 });
      const next = await shop.ask('wireless mouse', { pinned, from: 10 }, { topK: 10 });
      expect([hits[1]?.id, next.hits[1]?.id]).toEqual([outside, inside]);
      const rest = idsOf(before).filter((id) => id !== inside);
      const both = [...hits.map(({ id }) => id), ...idsOf(next)];
      expect(both.filter((id) => id !== inside && id !== outside)).toEqual(rest.slice(0, 18));
      expect(of.total).toBe(before.shop.total + 1);
    }
  });

  test('that do not match the filter, are hidden or are nobody are not shown', async () => {
    const rows = await first().fleet.rows();
    const [pan, lamp] = ['Pans', 'Lamps'].map(
      (category) => rows.find(({ product }) => product.category === category)?.id as string,
    );
    const pinned = [pan, lamp, 'nobody'].map((id, i) => ({ id: id as string, position: i + 1 }));
    const filter = only('category', 'Pans');
    const shown = await first().ask('wireless mouse', { pinned }, { filter, topK: 300 });
    expect(shown.hits[0]?.id).toBe(pan);
    expect(idsOf(shown)).not.toContain(lamp);
    const hidden = await first().ask(
      'wireless mouse',
      { pinned, hidden: [pan as string] },
      { filter, topK: 300 },
    );
    expect(idsOf(hidden)).not.toContain(pan);
    expect(hidden.shop.total).toBe(shown.shop.total - 1);
  });
});

test('what is hidden is in no count, with and without a query', async () => {
  for (const query of ['wireless mouse', undefined]) {
    const facets = [
      { field: 'category', limit: 9, prefix: undefined, ranges: undefined, disjunctive: false },
    ];
    const before = await first().ask(query, { facets });
    const [gone] = before.hits;
    const after = await first().ask(query, { facets, hidden: [gone?.id as string] });
    expect(after.shop.total).toBe(before.shop.total - 1);
    const counted = ({ shop }: SearchReply): number =>
      shop.facets[0]?.values.reduce((sum, { count }) => sum + count, 0) ?? 0;
    expect(counted(after)).toBe(counted(before) - 1);
  }
});

test('a boost is a part of the score, before candidates are chosen', async () => {
  const boosts = [{ filter: only('brand', 'Brand 3'), weight: 5 }];
  for (const shop of shops) {
    const { hits } = await shop.ask('wireless', { boosts }, { topK: 12 });
    const all = await shop.ask('wireless', {}, { topK: 300 });
    const boosted = all.hits.filter((hit) => brandOf(hit) === 'Brand 3').length;
    expect(hits.filter((hit) => brandOf(hit) === 'Brand 3')).toHaveLength(Math.min(12, boosted));
    expect(hits[0]?.scores?.boost).toBe(5);
    expect(hits[0]?.score).toBeGreaterThan(5);
  }
});

test('at most so many of a value are in the first window, if there are others', async () => {
  for (const shop of shops) {
    const diversify = { field: 'brand', limit: 1 };
    const plain = await shop.ask('wireless', {}, { topK: 300 });
    const { hits } = await shop.ask('wireless', { diversify }, { topK: 300 });
    const brands = new Set(plain.hits.flatMap((hit) => brandOf(hit) ?? []));
    // Those of one product without a brand are not alike.
    const window = hits.filter((hit) => brandOf(hit) !== undefined).slice(0, brands.size);
    expect(new Set(window.map(brandOf)).size).toBe(brands.size);
    expect(hits.map(({ id }) => id).toSorted()).toEqual(idsOf(plain).toSorted());
  }
});

describe('groups', () => {
  const groupsOf = ({ hits }: SearchReply) =>
    hits.map(({ id, extras }) => ({
      id,
      value: extras?.group?.value,
      total: extras?.group?.total,
      members: extras?.group?.hits.map((hit) => hit.id),
    }));

  test('are one hit a value, with the first of each, the same on any number of shards', async () => {
    for (const [query, sort] of [
      ['wireless mouse', []],
      ['wireless mouse', [{ field: 'price', order: 'asc' as const }]],
      [undefined, []],
    ] as const) {
      const group = { field: 'attributes.Size', limit: 3 };
      const replies = await Promise.all(
        shops.map((shop) => shop.ask(query, { group, sort }, { topK: 3 })),
      );
      const whole = await first().ask(query, { sort }, { topK: 300 });
      const bySize = new Map<unknown, string[]>();
      for (const { id, product } of whole.hits) {
        const [size] = valuesOf(product as never, 'attributes.Size');
        bySize.set(size, [...(bySize.get(size) ?? []), id]);
      }
      for (const reply of replies) {
        expect(reply.shop.total).toBe(bySize.size);
        expect(reply.hits).toHaveLength(3);
        for (const { value, total, members } of groupsOf(reply)) {
          const all = bySize.get(value) ?? [];
          expect(total).toBe(all.length);
          if (sort.length > 0) expect(members).toEqual(all.slice(0, 3));
        }
      }
      expect(groupsOf(replies[1] as SearchReply)).toEqual(groupsOf(replies[0] as SearchReply));
      expect(groupsOf(replies[2] as SearchReply)).toEqual(groupsOf(replies[0] as SearchReply));
    }
  });

  test('come once, by the product that is pinned of them', async () => {
    for (const shop of shops) {
      const group = { field: 'brand', limit: 100 };
      const plain = await shop.ask('wireless', { group }, { topK: 300 });
      const some = groupsOf(plain).filter(
        ({ value, total }) => value !== null && Number(total) > 2,
      );
      const [one, other] = [some[0], some.at(-1)].map((of) => of?.members?.[2] as string);
      const pinned = [one, other].map((id, i) => ({ id: id as string, position: 2 + i }));
      const reply = await shop.ask('wireless', { group, pinned }, { topK: 300 });
      expect(idsOf(reply).slice(1, 3)).toEqual([one, other]);
      expect([reply.shop.total, reply.hits.length]).toEqual([plain.shop.total, plain.hits.length]);
      const sizes = (of: SearchReply) =>
        groupsOf(of)
          .map(({ value, total, members }) => `${value} ${total} ${members?.length}`)
          .toSorted();
      expect(sizes(reply)).toEqual(sizes(plain));
    }
  });

  test('of products without a value are one each, and pages are slices', async () => {
    for (const shop of shops) {
      const group = { field: 'brand', limit: 1 };
      const { shop: of, hits } = await shop.ask(undefined, { group }, { topK: 300 });
      const rows = await shop.fleet.rows();
      const without = rows.filter(({ product }) => product['brand'] === undefined).length;
      expect(of.total).toBe(6 + without);
      expect(hits).toHaveLength(6 + without);
      const pages: string[] = [];
      for (let from = 0; from < hits.length; from += 10) {
        pages.push(...idsOf(await shop.ask(undefined, { group, from }, { topK: 10 })));
      }
      expect(pages).toEqual(hits.map(({ id }) => id));
    }
  });
});

describe('too few products', () => {
  test('are followed by the nearest that match the filter, marked, in no count', async () => {
    for (const shop of shops) {
      const filter = only('brand', 'Brand 4');
      const text = { ...PLAIN_TEXT };
      const wide = await shop.ask('silent wireless gaming cordless', {}, { filter, text });
      const marked = wide.hits.map(({ extras }) => extras?.isWidened === true);
      const { total } = wide.shop;
      expect(marked).toEqual(marked.toSorted((a, b) => Number(a) - Number(b)));
      expect(marked.filter((isWidened) => !isWidened)).toHaveLength(Math.min(10, total));
      expect(wide.hits.every((hit) => brandOf(hit) === 'Brand 4')).toBe(true);
    }
  });

  test('a value that no product has is told, with the one that may have been meant', async () => {
    for (const shop of shops) {
      const ask = async (filter: Filter) =>
        (await shop.ask('wireless mouse', {}, { filter })).shop.warnings;
      expect(await ask(only('category', 'lamps'))).toEqual([
        {
          code: 'unknown_value',
          field: 'category',
          message: 'no product has "lamps" in category; did you mean "Lamps"?',
        },
      ]);
      expect((await ask(only('brand', 'Brande 1')))[0]?.message).toContain('did you mean "Brand');
      expect((await ask(only('brand', 'Zzz')))[0]?.message).toBe('no product has "Zzz" in brand');
      expect(await ask(only('brand', 'Brand 1'))).toEqual([]);
    }
  });
});

describe('what is like a product', () => {
  test('is the nearest by its vector, without itself', async () => {
    for (const shop of shops) {
      const like = await shop.ask(undefined, {}, { similarTo: 'p007', topK: 300 });
      const scores = like.hits.map(({ score }) => score);
      expect(idsOf(like)).not.toContain('p007');
      expect(like.shop.total).toBe(239);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    }
  });

  test('is not found where the product is not', async () => {
    await expect(first().ask(undefined, {}, { similarTo: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a shard that does not answer', () => {
  test('makes the answer partial, or none where too little of the catalogue was searched', async () => {
    const shop = shops[1] as BruteShop;
    shop.fleet.silent.add('s1');
    const { missing, hits } = await shop.ask('wireless mouse', {}, { exact: false });
    expect(new Set(missing.map(({ shard }) => shard))).toEqual(new Set(['s1']));
    expect(hits.length).toBeGreaterThan(0);
    const asked = shop.ask('wireless mouse', { minCoverage: 90 }, { exact: false });
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    const enough = await shop.ask('wireless mouse', { minCoverage: 20 }, { exact: false });
    expect(enough.hits.length).toBeGreaterThan(0);
    shop.fleet.silent.clear();
  });

  test('costs the others one choice of a text, however many search for it', async () => {
    const shop = shops[1] as BruteShop;
    shop.fleet.silent.add('s1');
    const { asked } = shop.fleet;
    const before = asked.length;
    const ask = () => shop.ask('black lamp', {}, { exact: false });
    const replies = await Promise.all(Array.from({ length: 10 }, ask));
    replies.push(await ask());
    shop.fleet.silent.clear();
    expect(asked.slice(before).filter((kind) => kind === 'choose')).toHaveLength(1);
    for (const { hits, missing } of replies) {
      expect(hits.map(({ id }) => id)).toEqual(idsOf(replies[0] as SearchReply));
      expect(new Set(missing.map(({ shard }) => shard))).toEqual(new Set(['s1']));
    }
  });
});

describe('a query that names a product', () => {
  test('finds it first, and no neighbours of its meaning', async () => {
    for (const shop of shops) {
      const { hits, shop: of } = await shop.ask('p017');
      expect(hits.map(({ id }) => id)).toEqual(['p017']);
      expect(of.total).toBe(1);
    }
  });
});

test('what is cheap is the lowest third of what the words and their meaning find', async () => {
  for (const shop of shops) {
    const filter = only('category', 'Mice');
    const all = await shop.ask('wireless mouse', {}, { topK: 300 });
    const prices = all.hits
      .flatMap(({ product }) => (product['price'] as number | undefined) ?? [])
      .sort((a, b) => a - b);
    const low = prices[Math.ceil(prices.length / 3) - 1] as number;
    const { text, hits } = await shop.ask('cheap wireless mouse', {}, { filter, topK: 300 });
    expect(text?.understood).toEqual([{ text: 'cheap', filter: { price: { lte: low } } }]);
    const mice = all.hits.filter(
      ({ product }) =>
        product.category === 'Mice' && ((product['price'] as number | undefined) ?? 1e9) <= low,
    );
    const inSet = hits.filter(({ extras }) => extras?.isWidened !== true);
    expect(inSet.map(({ id }) => id).toSorted()).toEqual(mice.map(({ id }) => id).toSorted());
  }
});
