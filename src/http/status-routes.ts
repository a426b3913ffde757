import type { FastifyInstance } from 'fastify';
import { OmniError } from '../core/errors.js';
import { refuseWithoutKey, requireKey } from './access.js';
import type { Metrics } from './metrics.js';
import type { HttpOptions, HttpPorts, ShardFigures } from './ports.js';

const RETRY_AFTER_MS = 1_000;

/** `/livez`, `/readyz` and `/healthz`. `isLeaving`: the node is about to stop. */
export function healthRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  isLeaving: () => boolean,
): void {
  app.get('/livez', async () => ({ status: 'ok' }));

  app.get('/readyz', async () => {
    const reason = isLeaving() ? 'shutting down' : await ports.status.notReady();
    if (reason === undefined) return { status: 'ok' };
    throw new OmniError('unavailable', `not ready: ${reason}`, { retryAfterMs: RETRY_AFTER_MS });
  });

  app.get('/healthz', async () => {
    const parts = await ports.status.parts();
    const healthy = parts.every((part) => part.state === 'ok');
    return { status: healthy ? 'ok' : 'degraded', parts };
  });
}

/** `/stats` and `/metrics`, for operators: beyond loopback they want the admin key. */
export function statsRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: HttpOptions,
  metrics: Metrics,
): void {
  if (!options.loopback) {
    const { adminKey } = options;
    app.addHook('onRequest', adminKey === undefined ? refuseWithoutKey : requireKey(adminKey));
  }

  app.get('/stats', async () => {
    const { model, products, partitions, shards, embeddingCache, resultCache } =
      await ports.status.status();
    return {
      model: { name: model.name, fingerprint: model.fingerprint, dimensions: model.dimensions },
      products,
      partitions,
      shards: shards.map(shardBody),
      embedding_cache: embeddingCache,
      ...(resultCache === undefined ? {} : { result_cache: resultCache }),
    };
  });

  app.get('/metrics', async (_, reply) => {
    const text = await metrics.render(await ports.status.status());
    return reply.header('content-type', metrics.contentType).send(text);
  });
}

function shardBody({ reconciliation, ...figures }: ShardFigures): object {
  if (reconciliation === undefined) return figures;
  const { checks, reconciled, checkedAtMs } = reconciliation;
  const checkedAt = checkedAtMs === null ? null : new Date(checkedAtMs).toISOString();
  return { ...figures, reconciliation: { checks, reconciled, checked_at: checkedAt } };
}

/** `GET /categories`: the tenant's live categories with their numbers of products, most first. */
export function categoryRoutes(app: FastifyInstance, ports: HttpPorts): void {
  app.get('/categories', async (request) => {
    const categories = await ports.ingest.categories(request.tenant);
    return { categories: categories.sort((a, b) => b.products - a.products) };
  });
}
