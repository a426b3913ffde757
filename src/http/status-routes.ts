import type { FastifyInstance } from 'fastify';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { MetricsPage } from '../metrics/metrics-page.js';
import { hides } from '../tenancy/narrowed-catalogue.js';
import type { KeyGate } from './key-gate.js';
import {
  CategoriesReply,
  HealthReply,
  MetricsReply,
  replies,
  StatsReply,
  StatusReply,
} from './reply-schemas.js';
import type { SearchDesk } from './search-desk.js';
import { seenCategories } from './seen-categories.js';
import type { HttpPorts, ShardFigures } from './ports.js';

/** `/livez`, `/readyz` and `/healthz`. `isLeaving`: the node is about to stop. */
export function healthRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  isLeaving: () => boolean,
): void {
  app.get('/livez', { schema: replies(StatusReply) }, async () => ({ status: 'ok' }));

  app.get('/readyz', { schema: replies(StatusReply) }, async () => {
    const reason = isLeaving() ? 'shutting down' : ports.status.notReady();
    if (reason === undefined) return { status: 'ok' };
    throw new OmniError('unavailable', `not ready: ${reason}`, { retryAfterMs: RETRY_AFTER_MS });
  });

  app.get('/healthz', { schema: replies(HealthReply) }, async () => {
    const parts = ports.status.parts();
    const healthy = parts.every((part) => part.state === 'ok');
    return { status: healthy ? 'ok' : 'degraded', parts };
  });
}

/** `/stats` and `/metrics`, for operators: they want the admin key wherever one is set. */
export function statsRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  gate: KeyGate,
  page: MetricsPage,
): void {
  app.addHook('onRequest', gate.enter);

  app.get('/stats', { schema: replies(StatsReply) }, async () => {
    const status = ports.status.status();
    const { model, analyzer, switching, cutoffs, products, partitions, shards } = status;
    return {
      model: { name: model.name, fingerprint: model.fingerprint, dimensions: model.dimensions },
      text: {
        analyzer,
        switching: { tenants: switching.tenants, progress: switching.first },
        cutoff: cutoffs,
      },
      products,
      partitions,
      shards: shards.map(shardBody),
      embedding_cache: status.embeddingCache,
      answer_cache: status.answerCache,
    };
  });

  app.get(
    '/metrics',
    { schema: { produces: ['text/plain'], ...replies(MetricsReply) } },
    async (_, reply) => {
      const text = await page.render();
      return reply.header('content-type', page.contentType).send(text);
    },
  );
}

function shardBody({ reconciliation, ...figures }: ShardFigures): object {
  if (reconciliation === undefined) return figures;
  const { checks, reconciled, checkedAtMs } = reconciliation;
  const checkedAt = checkedAtMs === null ? null : new Date(checkedAtMs).toISOString();
  return { ...figures, reconciliation: { checks, reconciled, checked_at: checkedAt } };
}

/** `GET /categories`: the tenant's live categories with their numbers of products, most first. */
export function categoryRoutes(app: FastifyInstance, ports: HttpPorts, desk: SearchDesk): void {
  const options = { schema: replies(CategoriesReply), config: { narrows: true } };
  app.get('/categories', options, async (request) => {
    await desk.chargeLook(request);
    const categories = hides(request.narrowing)
      ? await seenCategories(desk, request)
      : await ports.ingest.categories(request.tenant);
    return { categories: categories.sort((a, b) => b.products - a.products) };
  });
}
