import type { FastifyInstance } from 'fastify';
import { requireAdmin, requireKey } from '../../access.js';
import { jsonParser } from '../../json-body.js';
import type { HttpPorts, RouteOptions } from '../../ports.js';
import type { SearchDesk } from '../../search-desk.js';
import { takeKey } from '../key-of-request.js';
import { sendMessage } from '../message-reply.js';
import { aliasRoutes } from './alias-routes.js';
import { collectionRoutes } from './collection-routes.js';
import { Collections } from '../collections.js';
import { documentRoutes } from './document-routes.js';
import { DocumentWriter } from './document-writer.js';
import { importRoutes } from './import-routes.js';
import { searchRoutes } from './search-routes.js';

const KEY = 'x-typesense-api-key';

/** The routes that clients of Typesense ask for, below `/typesense`. */
export async function typesenseRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
  desk: SearchDesk,
): Promise<void> {
  const collections = new Collections(ports, desk);
  const writer = new DocumentWriter(ports.ingest);
  app.setErrorHandler((error, request, reply) => sendMessage(request, reply, error));
  // Clients send JSON as text, so that a browser asks nothing first.
  app.addContentTypeParser('*', jsonParser(options.limits, options.bodies));
  app.get('/health', async () => ({ ok: true }));

  await app.register(async (scope) => {
    scope.addHook('onRequest', takeKey(KEY));
    if (options.apiKey !== undefined) {
      scope.addHook('onRequest', requireKey(options.apiKey, 'API_KEY'));
    }
    searchRoutes(scope, desk, options.dimensions, collections);
    collectionRoutes(scope, ports, options.dimensions, collections);
    documentRoutes(scope, ports, options, collections, writer);
    await importRoutes(scope, ports, options, collections, writer);
  });
  // As the project's own: an alias may stand before every tenant.
  await app.register(async (scope) => {
    scope.addHook('onRequest', takeKey(KEY));
    if (options.adminKey === undefined && options.apiKey !== undefined) {
      scope.addHook('onRequest', requireKey(options.apiKey, 'API_KEY'));
    }
    scope.addHook('onRequest', requireAdmin(options));
    aliasRoutes(scope, ports, collections);
  });
}
