import { Budget } from '../src/core/budget.js';
import { Deadline } from '../src/core/deadline.js';
import { HASH_END } from '../src/core/ids.js';
import { normalise } from '../src/core/vector.js';
import type { Filter } from '../src/filter/filter.js';
import type { LeafView } from '../src/query/result-set.js';
import { CostModel } from '../src/shard/leaf/cost-model.js';
import { PartitionSet } from '../src/shard/leaf/partition-set.js';
import { searchViews } from '../src/shard/leaf/views/search-views.js';
import type { ViewRequest } from '../src/shard/leaf/views/view-request.js';
import { ANALYZER_VERSION } from '../src/text/analyzer.js';
import { bench } from './lib/bench.js';
import { print } from './lib/report.js';
import { Random } from './lib/random.js';
import { shopSegment, WORDS, type ShopIndex } from './lib/shop-segment.js';
import { formatTable } from './lib/table.js';

const FIELDS = ['brand', 'price', 'in_stock', 'attributes.Colour', 'tags'] as const;
const FACETS = FIELDS.map((field) => ({ field, limit: 10 }));
const EVERYTHING = new PartitionSet(() => [{ from: 0, to: HASH_END }]);
const K = 24;
const COSTS = new CostModel();
const FLAGS = {
  products: { default: 100_000, help: 'of the shop, in one segment' },
  dimensions: { default: 512, help: 'of the vectors' },
  searches: { default: 100, help: 'of each kind' },
};

type Asked = Pick<ViewRequest, 'views'> & Partial<ViewRequest>;

await bench(
  {
    name: 'facets',
    about: 'Facets, sort and views of one result set on one shard, in process.',
    maxMinutes: 10,
    flags: FLAGS,
  },
  async (run) => {
    const { products, dimensions, searches, quick, seed } = run.flags;
    const count = quick ? 10_000 : products;
    run.say(`writing ${String(count)} products`);
    const shop = run.use(await shopSegment(count, dimensions, seed));
    const random = new Random(seed, 'queries');
    const vector = normalise(Array.from({ length: dimensions }, () => random.next() - 0.3));
    const kinds = kindsOf(vector as Float32Array);
    // By turns, so that what else the machine does meets all alike.
    const took = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
    const cpu = new Map(Object.keys(kinds).map((name) => [name, [] as number[]]));
    await run.measure('searches', async () => {
      for (let i = -10; i < searches; i++) {
        for (const [name, asked] of Object.entries(kinds)) {
          const before = process.cpuUsage();
          const ms = await timed(shop, asked);
          const { user, system } = process.cpuUsage(before);
          if (i < 0) continue;
          took.get(name)?.push(ms);
          cpu.get(name)?.push((user + system) / 1_000);
        }
      }
    });
    const rows = [...took].map(([name, all]) => {
      const at = (of: number[], share: number): number =>
        of.sort((a, b) => a - b)[Math.floor(share * (of.length - 1))] ?? 0;
      const cpuMs = at(cpu.get(name) ?? [], 0.5);
      return { search: name, 'p50 ms': at(all, 0.5), 'p99 ms': at(all, 0.99), 'cpu ms': cpuMs };
    });
    print('one at a time', formatTable(rows));
    const p50 = (name: string): number =>
      rows.find(({ search }) => search === name)?.['p50 ms'] ?? 0;
    const sort = rows.find(({ search }) => search === 'all, by price')?.['p99 ms'] ?? 0;
    const figures = [
      { name: 'five facets at 1,000', value: p50('1,000, facets') - p50('1,000'), unit: 'ms' },
      { name: 'five facets at all', value: p50('all, facets') - p50('all, by price'), unit: 'ms' },
      { name: 'sort by price over all, p99', value: sort, unit: 'ms' },
      { name: 'seven views beside one', value: p50('seven views') / p50('one view'), unit: '' },
    ];
    print('figures', formatTable(figures));
    return { data: { products: count, dimensions, fields: FIELDS }, results: rows, figures };
  },
);

async function timed({ index }: ShopIndex, asked: Asked): Promise<number> {
  const request: ViewRequest = {
    ...{ vector: undefined, text: undefined, boosts: [], choose: undefined, set: undefined },
    ...{ hidden: undefined, within: undefined, until: undefined, exact: false, trace: undefined },
    costs: COSTS,
    ...asked,
  };
  const startMs = performance.now();
  const searcher = index.searcher();
  await searchViews(searcher, EVERYTHING, request, new Budget(Deadline.after(60_000)));
  searcher.release();
  return performance.now() - startMs;
}

/** What is measured, by name. */
function kindsOf(vector: Float32Array): Record<string, Asked> {
  const price = [{ field: 'price', order: 'asc' as const }];
  const inStock: Filter = { kind: 'in', field: 'in_stock', values: [true] };
  const brands: Filter = { kind: 'in', field: 'brand', values: ['Brand 1', 'Brand 2', 'Brand 3'] };
  const cheap: Filter = { kind: 'range', field: 'price', op: 'lt', value: 500 };
  const narrowed: LeafView = { k: K, filter: { kind: 'and', of: [inStock, brands, cheap] } };
  const without = [
    [brands, cheap],
    [inStock, cheap],
    [inStock, brands],
  ].map((of, i): LeafView => {
    return { k: 0, filter: { kind: 'and', of }, facets: [FACETS[i]].flatMap((one) => one ?? []) };
  });
  const one = { ...narrowed, facets: FACETS };
  const others = without.map((view) => ({ ...view, facets: FACETS.slice(4) }));
  return {
    '1,000': { ...textOf(0, vector), views: [{ k: K }] },
    '1,000, facets': { ...textOf(0, vector), views: [{ k: K, facets: FACETS }] },
    '10,000': { ...textOf(1, vector), views: [{ k: K }] },
    'all by score': { ...textOf(2, vector), views: [{ k: K }] },
    'all, by id': { views: [{ k: K }] },
    'all, by price': { views: [{ k: K, sort: price }] },
    'all, facets': { views: [{ k: K, sort: price, facets: FACETS }] },
    'one view': { ...textOf(1, vector), views: [one] },
    'seven views': { ...textOf(1, vector), views: [one, ...without, ...others] },
    'groups of 10,000': {
      ...textOf(1, vector),
      views: [{ k: K, group: { field: 'brand', limit: 3 } }],
    },
  };
}

/** A word of the shop, and the result set of the products that have it. */
function textOf(word: number, vector: Float32Array): Omit<Asked, 'views'> {
  const alternatives = [{ words: [`w${String(word)}`], weight: 1 }];
  const idf = Math.log(2 * WORDS.length - word);
  return {
    vector,
    text: { slots: [{ idf, alternatives }], analyzer: ANALYZER_VERSION, generation: 0 },
    set: { required: [0], members: new Uint8Array() },
  };
}
