import type { FastifyInstance } from 'fastify';
import type { Tracer } from '../core/span.js';

/** Asked all the time, and of no interest. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics']);
const SERVER_FAULT = 500;

/** Begins a span with each request of a route, which goes on its caller's trace, and ends it with the reply. */
export function addTracing(app: FastifyInstance, tracer: Tracer): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { method, headers, exchange } = request;
    const { url: route } = request.routeOptions;
    if (route === undefined || PROBES.has(route)) {
      done();
      return;
    }
    const { traceparent } = headers;
    // Twice is none.
    const parent = typeof traceparent === 'string' ? traceparent : undefined;
    const span = tracer.begin(`${method} ${route}`, parent, {
      ...{ 'http.request.method': method, 'http.route': route },
      'omnisearch.request_id': request.id,
    });
    exchange.span = span;
    if (span !== undefined) {
      exchange.onEnd(() => {
        const status = reply.raw.statusCode;
        span.set('omnisearch.tenant', request.tenant);
        span.set('http.response.status_code', status);
        const isFault = status >= SERVER_FAULT || !reply.raw.writableFinished;
        span.end(isFault ? exchange.problem : undefined);
      });
    }
    done();
  });
}
