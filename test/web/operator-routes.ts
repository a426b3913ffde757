import type { FastifyInstance, FastifyReply } from 'fastify';

export interface OperatorState {
  rules: Map<string, object>;
  synonyms: Map<string, object>;
  previews: unknown[];
  /** The server has none of these routes. */
  isMissing: boolean;
}

const ANALYTICS = {
  ...{ days: 30, searches: 1_234, no_result_rate: 0.051 },
  ...{ click_through_rate: 0.42, average_click_position: 3.2, conversion_rate: 0.031 },
  top_queries: [
    {
      ...{ text: 'wireless mouse', count: 310, click_through_rate: 0.5 },
      ...{ average_click_position: 2.1, conversion_rate: 0.04 },
    },
  ],
  no_result_queries: [{ text: 'zebra', count: 12 }],
};

const NO_FIGURES = { failed: 0, limited: 0, writes: 0 };
const GROWING = {
  ...{ tenant: 'north', state: 'active', plan: 'basic' },
  stored: { products: 47_000, categories: 12, fields: 40, bytes: 90_000_000 },
  quotas: [{ quota: 'max_products', used: 47_000, most: 50_000, share: 0.94 }],
  warnings: ['max_products'],
  ...{ price_month: 50, cost_month: 1.5, margin_month: 48.5 },
  ...{ availability: 0.99995, objective: 0.999, meets_objective: true, p95_ms: 41.2 },
  days: [
    { day: '2026-11-28', searches: 12_000, ...NO_FIGURES },
    { day: '2026-11-29', searches: 345, ...NO_FIGURES },
  ],
};
const FAILING = {
  ...GROWING,
  ...{ tenant: 'south', plan: null, quotas: [], warnings: [], days: [] },
  ...{ price_month: null, margin_month: null, availability: 0.98, meets_objective: false },
};
const ADVICE = [
  {
    ...{ node: 's1', measure: 'memory', value: 0.9, threshold: 0.85, level: 'critical' },
    advice: 'give it more memory',
  },
  {
    ...{ tenant: 'north', measure: 'max_products', value: 0.94, threshold: 0.8, level: 'warning' },
    advice: 'omnisearch tenants plan north pro',
  },
];

const PREVIEWED = {
  query: 'gift',
  before: ['p-0', 'p-1'],
  after: ['p-5', 'p-0'],
  rules: ['draft'],
};

/** Rules, synonyms and figures as the contract has them, in memory. */
export function addOperatorRoutes(
  app: FastifyInstance,
  state: OperatorState,
  notFound: (reply: FastifyReply) => FastifyReply,
): void {
  for (const name of ['rules', 'synonyms'] as const) {
    app.get(`/${name}`, async (_, reply) =>
      state.isMissing ? notFound(reply) : { [name]: [...state[name].values()] },
    );
    app.put<{ Params: { id: string }; Body: { id?: string; then?: { redirect?: string } } }>(
      `/${name}/:id`,
      async ({ params, body }, reply) => {
        if (body.then?.redirect === 'no address') {
          const error = { code: 'invalid_field', message: 'then.redirect must be an address' };
          return reply.code(400).send({ error: { ...error, field: 'then.redirect' } });
        }
        const item = { ...body, id: params.id };
        state[name].set(params.id, item);
        return item;
      },
    );
    app.delete<{ Params: { id: string } }>(`/${name}/:id`, async ({ params }) => {
      state[name].delete(params.id);
      return { id: params.id };
    });
  }
  app.get<{ Querystring: { cursor?: string } }>('/usage', async ({ query }, reply) => {
    if (state.isMissing) return notFound(reply);
    return query.cursor === undefined
      ? { tenants: [GROWING, FAILING], next_cursor: 'next' }
      : { tenants: [{ ...FAILING, tenant: 'third', state: 'suspended', meets_objective: true }] };
  });
  app.get('/admin/advice', async (_, reply) =>
    state.isMissing
      ? notFound(reply)
      : { advice: ADVICE, placement: [], margins: [], days_until_full: 41 },
  );
  app.post('/rules/preview', async ({ body }) => {
    state.previews.push(body);
    return { queries: 3, changed: 1, unknown: 0, results: [PREVIEWED] };
  });
  app.get('/analytics', async (_, reply) => (state.isMissing ? notFound(reply) : ANALYTICS));
}
