/** A search body as the page sends it. */
export interface SentSearch {
  query?: string;
  browse?: boolean;
  fields: string[];
  prefix?: boolean;
  understand?: boolean;
  highlight?: string[];
  filter?: Record<string, unknown>;
  facets?: { field: string; limit?: number; prefix?: string; disjunctive?: boolean }[];
  sort?: { field: string; order: string }[];
  page?: number;
  per_page?: number;
  rules?: boolean;
  pinned?: { id: string; position: number }[];
}

export type Product = Record<string, unknown> & { id: string };

export const CATEGORIES = ['Shoes', 'Mice', 'Cookware', 'Toys'];
const BRANDS = ['Tarnbeck', 'Ovale', 'Nordholm'];

/** Forty products: ten of each category, prices 10 to 49, every fifth sold out. */
export const PRODUCTS: readonly Product[] = Array.from({ length: 40 }, (_, at) => ({
  id: `p-${at}`,
  title: `${CATEGORIES[at % 4] ?? ''} number ${at}`,
  brand: BRANDS[at % 3],
  category: CATEGORIES[at % 4],
  price: 10 + at,
  in_stock: at % 5 !== 0,
  image_url: `/demo/pictures/dot-${at % 4}.svg`,
  attributes: {
    Colour: Math.floor(at / 4) % 2 === 0 ? 'Red' : 'Blue',
    Size: Math.floor(at / 8) % 4,
    Serial: `s-${at}`,
  },
}));

/** A whole reply of the contract around some products. */
export function replyWith(products: readonly Product[], change: object = {}): object {
  return {
    hits: products.map(({ highlight, widened, ...product }, at) => ({
      ...{ id: product.id, score: 0.9 - at / 100, product },
      ...(highlight === undefined ? {} : { highlight }),
      ...(widened === true ? { widened } : {}),
    })),
    total: products.length,
    query_id: '0b7c1d2e-3f40-8a5b-9c6d-7e8f90a1b2c3',
    rewritten: null,
    did_you_mean: [],
    understood: [],
    took_ms: 3.14,
    timings_ms: { embed: 0.1, search: 1.9, join: 0.6 },
    embedding: 'computed',
    model: 'starter@1f3a',
    partial: null,
    ...change,
  };
}

/** Filters, sorts, counts and pages as the API would, and counts a repeated query as cached. */
export function answerOf(sent: SentSearch): object {
  const { query = '', filter = {}, sort, page = 1, per_page = 24, facets = [] } = sent;
  const found = PRODUCTS.filter((product) => matches(product, filter));
  const order = sort?.[0];
  if (order !== undefined) {
    const sign = order.order === 'desc' ? -1 : 1;
    found.sort((a, b) => sign * (Number(a[order.field]) - Number(b[order.field])));
  }
  const counted = facets.map(({ field, disjunctive }) => {
    const others = Object.fromEntries(Object.entries(filter).filter(([name]) => name !== field));
    const counts = PRODUCTS.filter((product) => matches(product, disjunctive ? others : filter));
    return [field, facetOf(field, counts)] as const;
  });
  const hits = found.slice((page - 1) * per_page, page * per_page);
  return replyWith(hits, {
    ...{ total: found.length, page, per_page, facets: Object.fromEntries(counted) },
    embedding: query.startsWith('again') ? 'cached' : 'computed',
  });
}

function valueOf(product: Product, field: string): unknown {
  const [first = '', ...rest] = field.split('.');
  const value = product[first];
  if (rest.length === 0) return value;
  return (value as Record<string, unknown> | undefined)?.[rest.join('.')];
}

function matches(product: Product, filter: Record<string, unknown>): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const value = valueOf(product, field);
    if (Array.isArray(wanted)) return wanted.includes(value);
    if (typeof wanted !== 'object' || wanted === null) return value === wanted;
    const { gte = -Infinity, lte = Infinity } = wanted as { gte?: number; lte?: number };
    return Number(value) >= gte && Number(value) <= lte;
  });
}

function facetOf(field: string, products: readonly Product[]): object {
  const counts = new Map<unknown, number>();
  for (const product of products) {
    const value = valueOf(product, field);
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const values = [...counts].map(([value, count]) => ({ value, count }));
  values.sort((a, b) => b.count - a.count);
  const numbers = [...counts.keys()].filter((value) => typeof value === 'number');
  const range =
    numbers.length === 0 ? {} : { min: Math.min(...numbers), max: Math.max(...numbers) };
  return { values, other: 0, ...range };
}
