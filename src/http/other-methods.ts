import type { FastifyInstance } from 'fastify';
import { OmniError } from '../core/errors.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE'];

/**
 * Answers 405 to what cannot be done with the routes that are added before `refuse` is called, and says what
 * can. `OPTIONS` is for CORS alone.
 */
export function otherMethods(app: FastifyInstance): { refuse: () => void } {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const allowed = methods.get(url) ?? new Set();
    methods.set(url, allowed);
    for (const one of [method].flat()) allowed.add(one);
  });
  return {
    refuse: () => {
      for (const [url, allowed] of [...methods]) refuseOthers(app, url, [...allowed]);
    },
  };
}

function refuseOthers(app: FastifyInstance, url: string, allowed: readonly string[]): void {
  if (url.endsWith('*')) return;
  app.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    schema: { hide: true },
    // Before a body is looked at.
    onRequest: async (_, reply) => {
      reply.header('allow', allowed.join(', '));
      throw new OmniError('method_not_allowed', `must be one of ${allowed.join(', ')}`);
    },
    handler: async () => undefined,
  });
}
