import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What a connection had sent when a request on it came. */
const sentBefore = new WeakMap<FastifyRequest, number>();

/**
 * A line for each request once its reply has left: its route as we name it, never its address, which may hold a query, an
 * id or a key. To be added before what may refuse a request: its hook is the first.
 */
export function addAccessLog(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _, done) => {
    sentBefore.set(request, sentOn(request));
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, tenant, log } = request;
    // Absent where its connection had too many.
    const exchange = request.exchange as FastifyRequest['exchange'] | undefined;
    const traceId = exchange?.span?.traceId;
    log.info(
      {
        ...{ method, route: routeOptions.url ?? null, status: reply.statusCode },
        ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
        bytes: sentOn(request) - (sentBefore.get(request) ?? 0),
        tenant,
        ...(traceId === undefined ? {} : { traceId }),
      },
      'request',
    );
    done();
  });
}

/** Absent where there is no socket (in tests). */
function sentOn({ raw }: FastifyRequest): number {
  return (raw.socket as { bytesWritten?: number }).bytesWritten ?? 0;
}
