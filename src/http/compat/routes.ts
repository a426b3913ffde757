import type { FastifyInstance } from 'fastify';
import type { KeyGate } from '../key-gate.js';
import type { HttpPorts, RouteOptions } from '../ports.js';
import type { SearchDesk } from '../search-desk.js';
import { algoliaRoutes } from './algolia/routes.js';
import { typesenseRoutes } from './typesense/routes.js';

/** What clients of other engines ask for, each below its own prefix. */
export async function compatRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
  desk: SearchDesk,
  keys: KeyGate,
): Promise<void> {
  await app.register(async (scope) => typesenseRoutes(scope, ports, options, desk, keys), {
    prefix: '/typesense',
  });
  await app.register(async (scope) => algoliaRoutes(scope, ports, options, desk, keys), {
    prefix: '/algolia',
  });
}
