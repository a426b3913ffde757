import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seeded } from './catalogue.js';
import { Cluster } from './cluster.js';

/** One result set in a whole cluster: counts, pages and sorts of it, on any number of shards, under writes. */

interface ShopProduct {
  id: string;
  title: string;
  category: string;
  brand?: string;
  price?: number;
  in_stock: boolean;
  attributes: { Colour: string[] };
}

interface ShopReply {
  hits: { id: string; score: number; product: ShopProduct; widened?: true }[];
  total: number;
  facets: Record<string, { values: { value: string | number | boolean; count: number }[] }>;
  next_cursor?: string;
  partial: unknown;
}

const CATEGORIES = ['Mice', 'Keyboards', 'Headphones', 'Lamps', 'Printers', 'Cables'];
const NOUNS = ['mouse', 'keyboard', 'headset', 'desk lamp', 'laser printer', 'usb cable'];
const MANNERS = ['wireless', 'compact', 'gaming', 'silent', 'black', 'white'];

function makeShop(count: number): ShopProduct[] {
  const random = seeded(29);
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: count }, (_, i) => {
    const kind = below(NOUNS.length);
    const [first, second] = [MANNERS[below(6)], MANNERS[below(6)]];
    return {
      id: `p${i}`,
      title: `${first} ${second} ${NOUNS[kind]}`,
      category: CATEGORIES[kind] as string,
      ...(below(9) === 0 ? {} : { brand: `Brand ${below(5)}` }),
      ...(below(9) === 0 ? {} : { price: below(40) * 5 }),
      in_stock: below(3) > 0,
      attributes: { Colour: ['red', 'green', 'blue'].slice(below(3)) },
    };
  });
}

const SEARCHES = [
  { query: 'wireless mouse' },
  { query: 'silent gaming keyboard', filter: { in_stock: true } },
  { query: 'black lamp', filter: { price: { lte: 120 } } },
  { query: 'something to print with' },
  { query: 'wireless', mode: 'keyword' },
  { browse: true, filter: { category: ['Mice', 'Cables'] } },
];
const FACETS = ['brand', 'category', 'price', 'in_stock', 'attributes.Colour'];
const SORTS = [
  [{ field: 'price', order: 'asc' }],
  [
    { field: 'brand', order: 'desc' },
    { field: '_score', order: 'desc' },
  ],
];

describe('the result set in a whole cluster', () => {
  const products = makeShop(900);
  const asOne: unknown[] = [];
  let dataDir: string;

  beforeAll(async () => {
    const cluster = await Cluster.start({ shards: 1 });
    dataDir = cluster.dataDir;
    await cluster.index(products);
    await cluster.stop();
  });
  afterAll(async () => {
    const cluster = await Cluster.start({ dataDir });
    await cluster.stop();
    cluster.remove();
  });

  async function ask(cluster: Cluster, body: object, route = 'text'): Promise<ShopReply> {
    const { status, json } = await cluster.post(`/search/${route}`, {
      // A walk begins once the shards have what was written before: on a busy machine that takes its time.
      ...{ exact: true, timeout_ms: 10_000 },
      ...body,
    });
    expect([status, json['error']]).toEqual([200, undefined]);
    expect(json['partial']).toBe(null);
    return json as unknown as ShopReply;
  }

  async function withShards(shards: number, work: (cluster: Cluster) => Promise<void>) {
    const cluster = await Cluster.start({ dataDir, shards });
    try {
      await work(cluster);
    } finally {
      await cluster.stop();
    }
  }

  test.each([1, 5])(
    'invariant 10: totals, counts and orders are the same with %i shards',
    async (shards) => {
      await withShards(shards, async (cluster) => {
        const told: unknown[] = [];
        for (const search of SEARCHES) {
          for (const sort of [undefined, ...SORTS]) {
            const body = { ...search, facets: FACETS, sort, page: 1, per_page: 250 };
            const { hits, total, facets } = await ask(cluster, body);
            told.push([total, facets, hits.map(({ id, score, widened }) => [id, score, widened])]);
          }
          const grouped = {
            ...search,
            group_by: { field: 'brand', limit: 2 },
            page: 1,
            per_page: 5,
          };
          const { hits, total } = await ask(cluster, grouped);
          told.push([total, hits.map(({ id, ...hit }) => [id, groupOf(hit)])]);
        }
        asOne[0] ??= told;
        expect(told).toEqual(asOne[0]);
      });
    },
  );

  test('a facet counts what a click on it finds, pages are the whole, a sort is the sort of all', async () => {
    await withShards(2, async (cluster) => {
      for (const { filter, ...search } of SEARCHES) {
        const whole = await ask(cluster, {
          ...search,
          filter,
          facets: FACETS,
          page: 1,
          per_page: 250,
        });
        for (const [field, { values }] of Object.entries(whole.facets)) {
          for (const { value, count } of values.slice(0, 4)) {
            // A second clause on a field that the filter names stands beside it.
            const clicked = { not: { or: [{ not: filter ?? {} }, { not: { [field]: value } }] } };
            const after = await ask(cluster, { ...search, filter: clicked, per_page: 0, page: 1 });
            expect([search, field, value, after.total]).toEqual([search, field, value, count]);
          }
        }
        const inSet = whole.hits.filter(({ widened }) => widened !== true).map(({ id }) => id);
        expect(inSet).toHaveLength(Math.min(250, whole.total));
        const pages: string[] = [];
        for (let page = 1; pages.length < inSet.length; page++) {
          const { hits } = await ask(cluster, { ...search, filter, page, per_page: 24 });
          pages.push(...hits.filter(({ widened }) => widened !== true).map(({ id }) => id));
          if (hits.length === 0) break;
        }
        expect(pages.slice(0, inSet.length)).toEqual(inSet);
        const [byPrice] = SORTS;
        const sorted = await ask(cluster, {
          ...search,
          filter,
          sort: byPrice,
          page: 1,
          per_page: 250,
        });
        if (whole.total > 250) continue;
        const rank = ({ product }: ShopReply['hits'][number]): number => product.price ?? Infinity;
        expect(sorted.hits.map(rank)).toEqual(sorted.hits.map(rank).toSorted((a, b) => a - b));
        expect(sorted.hits.map(({ id }) => id).toSorted()).toEqual(inSet.toSorted());
      }
    });
  });

  test('in default mode, too, a walk has each product once, while others are written', async () => {
    await withShards(2, async (cluster) => {
      const churned = products.filter((_, i) => i % 5 === 0);
      const steady = new Set(products.filter((_, i) => i % 5 !== 0).map(({ id }) => id));
      let isOver = false;
      let round = 0;
      const churning = (async () => {
        while (!isOver) {
          const product = churned[round++ % churned.length] as ShopProduct;
          await cluster.post('/products', {
            ...product,
            price: round % 200,
            title: `${product.title} new`,
          });
        }
      })();
      for (const search of [{ browse: true }, { query: 'wireless' }, { query: 'silent lamp' }]) {
        for (const sort of [undefined, SORTS[0]]) {
          const ids: string[] = [];
          let first: number | undefined;
          let cursor: string | undefined = '*';
          while (cursor !== undefined) {
            const body = { ...search, sort, cursor, top_k: 60, exact: false };
            const reply: ShopReply = await ask(cluster, body);
            ids.push(...reply.hits.map(({ id }) => id));
            first ??= reply.total;
            cursor = reply.next_cursor;
          }
          expect(new Set(ids).size).toBe(ids.length);
          const { hits, total } = await ask(cluster, {
            ...search,
            sort,
            top_k: 1_000,
            exact: false,
          });
          expect(total).toBeGreaterThan(60);
          expect(first).toBeGreaterThan(60);
          // What is near by meaning alone may be crowded out by what is written; words are not.
          const expected = hits.map(({ id }) => id).filter((id) => steady.has(id));
          if ('browse' in search) expect(ids.filter((id) => steady.has(id))).toEqual(expected);
        }
      }
      isOver = true;
      await churning;
      expect(round).toBeGreaterThan(10);
    });
  });
});

function groupOf(hit: object): unknown {
  const { group } = hit as { group?: { value: unknown; total: number; hits: { id: string }[] } };
  return [group?.value, group?.total, group?.hits.map(({ id }) => id)];
}
