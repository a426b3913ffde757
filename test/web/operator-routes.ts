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
  app.post('/rules/preview', async ({ body }) => {
    state.previews.push(body);
    return { queries: 3, changed: 1, unknown: 0, results: [PREVIEWED] };
  });
  app.get('/analytics', async (_, reply) => (state.isMissing ? notFound(reply) : ANALYTICS));
}
