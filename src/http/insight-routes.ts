import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';
import { invalidField } from '../core/errors.js';
import { checkText, describeValue } from '../core/json.js';
import { MATCH_ALL } from '../filter/filter.js';
import { analyticsOf } from '../merchandising/analytics.js';
import { intentOfQuery } from '../merchandising/query-id.js';
import { KEPT_DAYS } from '../merchandising/query-days.js';
import { PLAIN_TEXT, type SearchReply } from '../search/search-types.js';
import { hides } from '../tenancy/narrowed-catalogue.js';
import { SMALL_BYTES } from './limits.js';
import type { HttpPorts } from './ports.js';
import { integerText, PriceListName } from './schema-parts.js';
import { usualSize } from './narrowed-routes.js';
import type { SearchDesk } from './search-desk.js';
import { seenCategories } from './seen-categories.js';

const MAX_EVENTS = 1_000;
const MAX_POSITION = 10_000;
const DEFAULT_SUGGESTIONS = 5;
const MAX_SUGGESTIONS = 20;
const SUGGEST_TIMEOUT_MS = 500;
const DEFAULT_DAYS = 30;
const DEFAULT_LISTED = 20;
const MAX_LISTED = 1_000;

const object = { additionalProperties: false, description: 'an object' };

const EventBody = Type.Object(
  {
    type: Type.Enum(['click', 'cart', 'purchase'], {
      description: '"click", "cart" or "purchase"',
    }),
    query_id: Type.String({ maxLength: 64, description: "the reply's query_id" }),
    id: Type.String({
      minLength: 1,
      maxLength: 256,
      description: "a product's id of 1 to 256 characters",
    }),
    position: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_POSITION,
        description: `an integer from 1 to ${MAX_POSITION}`,
      }),
    ),
  },
  object,
);
type EventBody = Static<typeof EventBody>;

const EventsBody = Type.Union([
  EventBody,
  Type.Array(EventBody, { minItems: 1, maxItems: MAX_EVENTS }),
]);

const SuggestQuery = Type.Object(
  {
    q: Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '\\S',
      description: 'the beginning of a text, 1 to 256 characters',
    }),
    limit: Type.Optional(integerText(MAX_SUGGESTIONS)),
    price_list: PriceListName,
  },
  object,
);

const AnalyticsQuery = Type.Object(
  {
    days: Type.Optional(integerText(KEPT_DAYS)),
    limit: Type.Optional(integerText(MAX_LISTED)),
  },
  object,
);

/** `POST /events`, `GET /suggest` and `GET /analytics`, of the request's tenant. */
export function insightRoutes(
  app: FastifyInstance,
  { insight }: HttpPorts,
  desk: SearchDesk,
): void {
  app.post<{ Body: EventBody | EventBody[] }>(
    '/events',
    { schema: { body: EventsBody }, bodyLimit: SMALL_BYTES, config: { narrows: true } },
    async ({ tenant, body }, reply) => {
      const events = Array.isArray(body) ? body : [body];
      events.forEach((event, i) => checkEvent(event, Array.isArray(body) ? `[${i}].` : ''));
      for (const { type, query_id: queryId, id, position } of events) {
        insight.log.happened(tenant, { type, queryId, id, position });
      }
      return reply.code(202).send({ accepted: events.length });
    },
  );

  app.get<{ Querystring: Static<typeof SuggestQuery> }>(
    '/suggest',
    { schema: { querystring: SuggestQuery }, config: { narrows: true } },
    async (request) => {
      const { q, price_list: priceList } = request.query;
      const limit = Number(request.query.limit ?? DEFAULT_SUGGESTIONS);
      checkText(q, 'q');
      await desk.chargeLook(request);
      const [queries, categories, found] = await Promise.all([
        queriesFor(request, q, limit),
        categoriesFor(request, q, limit),
        products(request, q, usualSize(request.narrowing, limit), priceList),
      ]);
      return {
        queries,
        products: found.hits.map(({ id, score, product }) => ({ id, score, product })),
        categories: categories.map(({ category, products: count }) => ({ category, count })),
      };
    },
  );

  app.get<{ Querystring: Static<typeof AnalyticsQuery> }>(
    '/analytics',
    { schema: { querystring: AnalyticsQuery } },
    async ({ tenant, query }) => {
      const days = Number(query.days ?? DEFAULT_DAYS);
      const limit = Number(query.limit ?? DEFAULT_LISTED);
      return analyticsOf(await insight.days.of(tenant, days), days, limit);
    },
  );

  /** They were asked of the whole catalogue: to whom something of it is hidden, none is told. */
  async function queriesFor({ tenant, narrowing }: FastifyRequest, q: string, limit: number) {
    if (hides(narrowing)) return [];
    return insight.suggestions.queries(tenant, q, limit);
  }

  async function categoriesFor(request: FastifyRequest, q: string, limit: number) {
    const { suggestions } = insight;
    if (!hides(request.narrowing)) return suggestions.categories(request.tenant, q, limit);
    return suggestions.among(await seenCategories(desk, request), q, limit);
  }

  /** By words alone, the last of which is a beginning: nothing is embedded for a keystroke. */
  function products(
    request: FastifyRequest,
    q: string,
    topK: number,
    priceList: string | undefined,
  ): Promise<SearchReply> {
    const { tenant } = request;
    return desk.look(request, {
      ...{ tenant, query: q, topK, filter: MATCH_ALL, fields: undefined, priceList },
      ...{ exact: false, explain: false, timeoutMs: SUGGEST_TIMEOUT_MS },
      text: { ...PLAIN_TEXT, mode: 'keyword', prefix: true },
    });
  }
}

/** Throws `invalid_field` for what the schema cannot say. */
function checkEvent({ query_id: queryId, id }: EventBody, place: string): void {
  if (intentOfQuery(queryId) === undefined) {
    const message = `must be the query_id of a reply, got ${describeValue(queryId)}`;
    throw invalidField(`${place}query_id`, message);
  }
  checkText(id, `${place}id`);
}
