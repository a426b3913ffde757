import Fastify, { type FastifyReply } from 'fastify';
import { pageRoutes } from '../../src/http/page-routes.js';

/** A search body as the page sends it. */
interface SentSearch {
  query: string;
  top_k: number;
  fields: string[];
  mode?: string;
  prefix?: boolean;
  understand?: boolean;
  highlight?: string[];
  filter?: {
    category?: string[];
    price?: { gte?: number; lte?: number };
    in_stock?: boolean;
  };
}

type Product = Record<string, unknown> & { id: string };
type Answer = (sent: SentSearch, reply: FastifyReply) => unknown;

export interface ShopServer {
  address: string;
  searches: SentSearch[];
  tenants: (string | undefined)[];
  /** Set to want this key, as a server with `API_KEY` does. */
  key: string | undefined;
  description: string;
  /** Set to answer searches in another way; `undefined` for the usual one. */
  answer: Answer | undefined;
  close: () => Promise<void>;
}

const DOT =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>';
const CATEGORIES = ['Shoes', 'Mice', 'Cookware', 'Toys'];

/** Forty products: ten of each category, prices 10 to 49, every fifth sold out. */
const PRODUCTS: readonly Product[] = Array.from({ length: 40 }, (_, at) => ({
  id: `p-${at}`,
  title: `${CATEGORIES[at % 4] ?? ''} number ${at}`,
  brand: 'Tarnbeck',
  category: CATEGORIES[at % 4],
  price: 10 + at,
  in_stock: at % 5 !== 0,
  image_url: `/demo/pictures/dot-${at % 4}.svg`,
}));

/** The page with its real routes and policy, in front of replies that keep to the contract. */
export async function openShopServer(): Promise<ShopServer> {
  const app = Fastify({ forceCloseConnections: true });
  const shop: ShopServer = {
    address: '',
    searches: [],
    tenants: [],
    key: undefined,
    description: 'Stitched by hand.',
    answer: undefined,
    close: () => app.close(),
  };
  app.addHook('onRequest', async (request, reply) => {
    const isApi = /^\/(search|products|categories)/.test(request.url);
    if (!isApi || shop.key === undefined) return;
    if (request.headers.authorization === `Bearer ${shop.key}`) return;
    return reply.code(401).send({ error: { code: 'unauthorized', message: 'a key is needed' } });
  });
  app.get('/demo/pictures/:name', async (_, reply) => reply.type('image/svg+xml').send(DOT));
  app.get('/categories', async () => ({
    categories: CATEGORIES.map((category) => ({ category, products: 10 })),
  }));
  app.get<{ Params: { id: string } }>('/products/:id', async (request) => ({
    ...PRODUCTS.find(({ id }) => id === request.params.id),
    description: shop.description,
    attributes: { 'Screen size': 15.6, Waterproof: true, Uses: ['snow', 'rain'] },
    url: 'javascript:alert(1)',
  }));
  app.post<{ Body: SentSearch }>('/search/text', async (request, reply) => {
    shop.searches.push(request.body);
    shop.tenants.push(request.headers['x-omnisearch-tenant']?.toString());
    return (shop.answer ?? usualAnswer)(request.body, reply);
  });
  await app.register(async (scope) => {
    await pageRoutes(scope, {
      dimensions: 4,
      apiKey: undefined,
      adminKey: undefined,
      loopback: true,
      webDir: 'src/web',
      picturesDir: undefined,
    });
  });
  shop.address = await app.listen({ port: 0, host: '127.0.0.1' });
  return shop;
}

/** A whole reply of the contract around some products. */
export function replyWith(products: readonly Product[], change: object = {}): object {
  return {
    hits: products.map(({ highlight, ...product }, at) => ({
      ...{ id: product.id, score: 0.9 - at / 100, product },
      ...(highlight === undefined ? {} : { highlight }),
    })),
    total: products.length,
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

/** Filters as the API would, and counts a repeated query as cached. */
function usualAnswer({ query, filter, top_k }: SentSearch): object {
  const found = PRODUCTS.filter(
    ({ category, price, in_stock }) =>
      (filter?.category?.includes(String(category)) ?? true) &&
      Number(price) >= (filter?.price?.gte ?? 0) &&
      Number(price) <= (filter?.price?.lte ?? Infinity) &&
      (filter?.in_stock !== true || in_stock === true),
  );
  const embedding = query.startsWith('again') ? 'cached' : 'computed';
  return replyWith(found.slice(0, top_k), { embedding });
}
