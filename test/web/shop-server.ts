import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyReply } from 'fastify';
import { buildWeb } from '../../scripts/web-assets.js';
import { pageRoutes } from '../../src/http/page-routes.js';
import { addOperatorRoutes, type OperatorState } from './operator-routes.js';
import { answerOf, CATEGORIES, PRODUCTS, replyWith, type SentSearch } from './shop-products.js';

type Answer = (sent: SentSearch, reply: FastifyReply) => object | Promise<object>;

export interface ShopServer {
  address: string;
  /** Searches for products; those for counts alone are in `counts`. */
  searches: SentSearch[];
  counts: SentSearch[];
  tenants: (string | undefined)[];
  events: object[];
  /** Set to want this key, as a server with `API_KEY` does. */
  key: string | undefined;
  description: string;
  /** Set to answer searches in another way; `undefined` for the usual one. */
  answer: Answer | undefined;
  /** The reply of `/suggest`; without one the server has no such route. */
  suggestions: object | undefined;
  /** Texts that suggestions were asked for, the latest last. */
  suggested: string[];
  /** Set to hold back replies of `/suggest` until it resolves. */
  held: Promise<void> | undefined;
  operator: OperatorState;
  close: () => Promise<void>;
}

const DOT =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>';
const NO_SUGGESTIONS = { queries: [], categories: [], products: [] };
const API =
  /^\/(search|products|categories|suggest|events|rules|synonyms|analytics|usage|admin\/advice)/;

/** The pages' files as they are served: the same for all tests of a file. */
let webDir: string | undefined;

export function builtPages(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shop-page-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  buildWeb(folder);
  return folder;
}

/** The page with its real routes and policy, in front of replies that keep to the contract. */
export async function openShopServer(): Promise<ShopServer> {
  webDir ??= builtPages();
  const app = Fastify({ forceCloseConnections: true });
  const shop: ShopServer = {
    ...{ address: '', searches: [], counts: [], tenants: [], events: [] },
    ...{ key: undefined, answer: undefined, suggestions: NO_SUGGESTIONS },
    ...{ suggested: [], held: undefined },
    description: 'Stitched by hand.',
    operator: { rules: new Map(), synonyms: new Map(), previews: [], isMissing: false },
    close: () => app.close(),
  };
  const notFound = (reply: FastifyReply): FastifyReply =>
    reply.code(404).send({ error: { code: 'not_found', message: 'there is no such route' } });

  app.addHook('onRequest', async (request, reply) => {
    if (!API.test(request.url) || shop.key === undefined) return;
    if (request.headers.authorization === `Bearer ${shop.key}`) return;
    return reply.code(401).send({ error: { code: 'unauthorized', message: 'a key is needed' } });
  });
  app.get('/demo/pictures/:name', async (_, reply) => reply.type('image/svg+xml').send(DOT));
  app.get('/categories', async () => ({
    categories: CATEGORIES.map((category) => ({ category, products: 10 })),
  }));
  app.get<{ Params: { id: string } }>('/products/:id', async (request, reply) => {
    const found = PRODUCTS.find(({ id }) => id === request.params.id);
    if (found === undefined) return notFound(reply);
    const attributes = { 'Screen size': 15.6, Waterproof: true, Uses: ['snow', 'rain'] };
    return { ...found, description: shop.description, attributes, url: 'javascript:alert(1)' };
  });
  app.post<{ Body: SentSearch }>('/search/text', async (request, reply) => {
    const isCount = request.body.per_page === 0;
    (isCount ? shop.counts : shop.searches).push(request.body);
    shop.tenants.push(request.headers['x-omnisearch-tenant']?.toString());
    return (shop.answer ?? answerOf)(request.body, reply);
  });
  app.post<{ Body: { id: string } }>('/search/similar', async ({ body }) =>
    replyWith(PRODUCTS.filter(({ id }) => id !== body.id).slice(0, 6)),
  );
  app.get<{ Querystring: { q: string } }>('/suggest', async ({ query }, reply) => {
    shop.suggested.push(query.q);
    await shop.held;
    return shop.suggestions ?? notFound(reply);
  });
  app.post<{ Body: Record<string, unknown> }>('/events', async ({ body }, reply) => {
    shop.events.push(body);
    return reply.code(202).send({ accepted: 1 });
  });
  addOperatorRoutes(app, shop.operator, notFound);
  await app.register(async (scope) => {
    await pageRoutes(scope, {
      dimensions: 4,
      apiKey: undefined,
      adminKey: undefined,
      loopback: true,
      webDir,
      picturesDir: undefined,
    });
  });
  shop.address = await app.listen({ port: 0, host: '127.0.0.1' });
  return shop;
}
