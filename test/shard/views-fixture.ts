import fc from 'fast-check';
import { compareBytes } from '../../src/core/ids.js';
import { score } from '../../src/core/vector.js';
import { filterFields } from '../../src/core/product-fields.js';
import type { JsonValue } from '../../src/core/product.js';
import { DocumentFilter } from '../../src/filter/evaluate.js';
import type { Filter, Scalar } from '../../src/filter/filter.js';
import type { Boost, FacetCounts, FacetQuery, LeafView } from '../../src/query/result-set.js';
import type { SortKey, SortValue } from '../../src/query/sort.js';
import type { TextQuery } from '../../src/query/text-query.js';
import { columnText } from '../../src/shard/index/column.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { foldCase } from '../../src/text/fold.js';
import { productTerms } from '../../src/text/product-terms.js';
import { BLOCKS, directionOf, exactOf, hasPhrase, textOf, type Made } from './words-fixture.js';

/** Few values, so that ties, missing ones and mixed types are common. */
const price = fc.constantFrom<JsonValue>(1, 2, 2.5, 10, 99, null, 'on request', true);
const LONG = 'l'.repeat(70);
const word = fc.constantFrom('red', 'green', 'usb', 'cable', 'mouse', 'pad', 'x200', 'cables');

export const goods: fc.Arbitrary<Made[]> = fc
  .array(
    fc.record({
      title: fc.array(word, { maxLength: 5 }).map((words) => words.join(' ')),
      category: fc.constantFrom('Mice', 'Cables', 'Pads'),
      brand: fc.constantFrom<JsonValue>('Acme', 'Éclair', 'eclat', LONG, `${LONG}!`, null),
      price,
      tags: fc.array(fc.constantFrom<JsonValue>('a', 'b', 'c', 1, 2, false), { maxLength: 4 }),
      in_stock: fc.boolean(),
      categories: fc.constantFrom<JsonValue>(
        { lvl0: 'A', lvl1: ['A > B', 'A > C'] },
        { lvl0: 'A' },
        [{ lvl0: 'B' }, { lvl0: 'C' }],
        null,
      ),
      sku: fc.constantFrom('AB-12', 'cd34', 'x200'),
      direction: fc.integer({ min: 0, max: 5 }),
      block: fc.integer({ min: 0, max: BLOCKS - 1 }),
      isDead: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((all) =>
    all.map(({ direction, block, isDead, ...fields }, i): Made => {
      const product = { id: `P-${(i * 7) % 60}`, ...fields };
      return { product, vector: directionOf(direction), block, isDead: isDead && i % 3 === 0 };
    }),
  );

const FIELDS = ['brand', 'price', 'tags', 'in_stock', 'categories.lvl0', 'categories.lvl1', 'none'];
const field = fc.constantFrom(...FIELDS);

const filters: readonly Filter[] = [
  { kind: 'in', field: 'in_stock', values: [true] },
  { kind: 'in', field: 'tags', values: ['a', 2] },
  { kind: 'range', field: 'price', op: 'lte', value: 10 },
  { kind: 'exists', field: 'price', exists: false },
  { kind: 'not', of: { kind: 'in', field: 'categories.lvl0', values: ['A'] } },
];
export const filter: fc.Arbitrary<Filter> = fc.oneof(
  fc.constantFrom(...filters),
  fc
    .array(fc.constantFrom(...filters), { maxLength: 3 })
    .map((of): Filter => ({ kind: 'and', of })),
);

export const boosts: fc.Arbitrary<Boost[]> = fc.array(
  fc.record({ filter, weight: fc.constantFrom(0.5, 1, -0.25, 3) }),
  { maxLength: 6 },
);

export const sort: fc.Arbitrary<SortKey[]> = fc.array(
  fc.record({
    field: fc.constantFrom(...FIELDS, '_score'),
    order: fc.constantFrom('asc', 'desc'),
  }),
  { minLength: 1, maxLength: 3 },
);

export const facet: fc.Arbitrary<FacetQuery> = fc
  .record({
    field,
    limit: fc.constantFrom(undefined, 1, 3),
    prefix: fc.constantFrom(undefined, undefined, 'ÉCL', 'a', '1'),
    ranges: fc.constantFrom(undefined, undefined, [{ to: 2 }, { from: 2, to: 10 }, { from: 2 }]),
  })
  .map(({ field, limit, prefix, ranges }) => ({
    field,
    ...(limit === undefined ? {} : { limit }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(ranges === undefined ? {} : { ranges }),
  }));

/** A live product of a set with its score. */
export interface Scored {
  made: Made;
  id: string;
  score: number;
}

export interface Looks {
  text?: TextQuery | undefined;
  vector?: Float32Array | undefined;
  boosts: readonly Boost[];
}

export function scored(made: Made, { text, vector, boosts }: Looks): Scored {
  const terms = productTerms(made.product, DEFAULT_TEXT_SETTINGS);
  const cosine = vector === undefined ? 0 : score(vector, made.vector);
  let boost = 0;
  for (const { filter, weight } of boosts) if (matches(filter, made)) boost += weight;
  const isText = text !== undefined && (text.exactKey !== '' || text.slots.some(isMet));
  const words = isText ? textOf(terms, text) : 0;
  const exact = isText ? exactOf(terms, text.exactKey ?? '') : 0;
  const sum = isText ? words + 0.5 * cosine + exact + boost : cosine + boost;
  return { made, id: made.product.id, score: sum };
}

const isMet = ({ alternatives }: TextQuery['slots'][number]): boolean => alternatives.length > 0;

function matches(filter: Filter, { product }: Made): boolean {
  return new DocumentFilter(filter).matches(product);
}

/** Whether a product meets a slot, by any of its alternatives. */
export function meets(made: Made, { alternatives }: TextQuery['slots'][number]): boolean {
  const { words } = productTerms(made.product, DEFAULT_TEXT_SETTINGS);
  return alternatives.some((each) => each.words.every((one) => words.includes(one)));
}

export function isExact({ product }: Made, { exactKey = '' }: TextQuery): boolean {
  return exactOf(productTerms(product, DEFAULT_TEXT_SETTINGS), exactKey) > 0;
}

/** Whether a product obeys the phrases and excluded words of a text. */
export function isShown({ product }: Made, text: TextQuery | undefined): boolean {
  const terms = productTerms(product, DEFAULT_TEXT_SETTINGS);
  if (text?.excluded?.some((one) => terms.words.includes(one)) === true) return false;
  return text?.phrases?.every((phrase) => hasPhrase(terms, phrase)) ?? true;
}

/** All values of a field, each once. */
function valuesOf({ product }: Made, field: string): Scalar[] {
  const value = filterFields(product).find(([name]) => name === field)?.[1];
  const all = [value].flat().filter((one): one is Scalar => {
    return ['string', 'number', 'boolean'].includes(typeof one);
  });
  return [...new Set(all)];
}

const TYPES = ['number', 'string', 'boolean'];

function compare(a: Scalar, b: Scalar): number {
  const byType = TYPES.indexOf(typeof a) - TYPES.indexOf(typeof b);
  if (byType !== 0) return byType;
  return typeof a === 'string' ? compareBytes(a, b as string) : Number(a) - Number(b);
}

/** What a product is sorted by: of a long text what columns keep of it. */
export function sortValue(one: Scored, { field, order }: SortKey): SortValue {
  if (field === '_score') return one.score;
  const values = valuesOf(one.made, field)
    .map((value) => (typeof value === 'string' ? columnText(value) : value))
    .sort(compare);
  return (order === 'asc' ? values[0] : values.at(-1)) ?? null;
}

/** In the order of a view, whatever page it asks for. */
export function inOrder(all: readonly Scored[], sort: readonly SortKey[] = []): Scored[] {
  const keys = sort.length === 0 ? [{ field: '_score', order: 'desc' as const }] : sort;
  return [...all].sort((a, b) => {
    for (const key of keys) {
      const [x, y] = [sortValue(a, key), sortValue(b, key)];
      if (x === y) continue;
      if (x === null || y === null) return x === null ? 1 : -1;
      const by = compare(x, y);
      if (by !== 0) return key.order === 'asc' ? by : -by;
    }
    return compareBytes(a.id, b.id);
  });
}

export function facetOf(all: readonly Scored[], query: FacetQuery): FacetCounts {
  const counts = new Map<Scalar, number>();
  const numbers: number[] = [];
  let long = 0;
  for (const { made } of all) {
    for (const value of valuesOf(made, query.field)) {
      if (typeof value === 'number') numbers.push(value);
      if (typeof value === 'string' && value.length > 64) long += 1;
      else if (foldCase(String(value)).startsWith(foldCase(query.prefix ?? ''))) {
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
  }
  const sum = numbers.reduce((total, value) => total + value, 0);
  const stats = {
    ...{ min: Math.min(...numbers), max: Math.max(...numbers) },
    ...{ sum, count: numbers.length },
  };
  const common = numbers.length === 0 ? {} : { stats };
  if (query.ranges !== undefined) {
    const ranges = query.ranges.map(({ from = -Infinity, to = Infinity }) => {
      const isIn = (value: Scalar): boolean =>
        typeof value === 'number' && value >= from && value < to;
      return all.filter(({ made }) => valuesOf(made, query.field).some(isIn)).length;
    });
    return { values: [], counts: [], other: 0, distinct: 0, ...common, ranges };
  }
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || compare(a, b));
  const named = sorted.slice(0, query.limit);
  const rest = sorted.slice(named.length).reduce((total, [, count]) => total + count, 0);
  return {
    values: named.map(([value]) => value),
    counts: named.map(([, count]) => count),
    other: rest + long,
    distinct: sorted.length,
    ...common,
  };
}

/** Products by the least value of a field, in the order of the first of each; those without one by themselves. */
export function groupsOf(
  ordered: readonly Scored[],
  field: string,
): { value: Scalar | null; hits: Scored[] }[] {
  const groups: { value: Scalar | null; hits: Scored[] }[] = [];
  for (const one of ordered) {
    const value = sortValue(one, { field, order: 'asc' });
    const known = groups.find((group) => value !== null && group.value === value);
    if (known === undefined) groups.push({ value, hits: [one] });
    else known.hits.push(one);
  }
  return groups;
}

export function inView(all: readonly Scored[], { filter, categories }: LeafView): Scored[] {
  return all.filter(
    ({ made }) =>
      (filter === undefined || matches(filter, made)) &&
      (categories?.includes(made.product.category) ?? true),
  );
}
