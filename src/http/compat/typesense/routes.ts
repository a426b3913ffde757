import type { FastifyInstance } from 'fastify';
import { OmniError } from '../../../core/errors.js';
import type { Hook } from '../../access.js';
import { jsonParser } from '../../json-body.js';
import type { KeyGate } from '../../key-gate.js';
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
import { keyRoutes } from './key-routes.js';
import { admitScoped } from './scoped-key.js';
import { searchRoutes } from './search-routes.js';

const KEY = 'x-typesense-api-key';

/** The routes that clients of Typesense ask for, below `/typesense`. */
export async function typesenseRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: RouteOptions,
  desk: SearchDesk,
  keys: KeyGate,
): Promise<void> {
  const collections = new Collections(ports, desk);
  const writer = new DocumentWriter(ports.ingest);
  app.setErrorHandler((error, request, reply) => sendMessage(request, reply, error));
  // Clients send JSON as text, so that a browser asks nothing first.
  app.addContentTypeParser('*', jsonParser(options.limits, options.bodies));
  app.get('/health', async () => ({ ok: true }));

  await app.register(async (scope) => {
    scope.addHook('onRequest', takeKey(KEY));
    scope.addHook('onRequest', keys.enterBy(admitScoped(ports.keys)));
    searchRoutes(scope, desk, options.dimensions, collections);
    collectionRoutes(scope, ports, options.dimensions, collections);
    documentRoutes(scope, ports, options, collections, writer);
    await importRoutes(scope, ports, options, collections, writer);
  });
  // As the project's own: an alias may stand before every tenant.
  await app.register(async (scope) => {
    scope.addHook('onRequest', takeKey(KEY));
    scope.addHook('onRequest', keys.enter);
    if (options.apiKey !== undefined) scope.addHook('onRequest', requireSome);
    aliasRoutes(scope, ports, collections);
    keyRoutes(scope, ports);
  });
}

/** These clients always send a key: where there is one, it is asked for on loopback as well. */
const requireSome: Hook = async ({ actor }) => {
  if (actor === null) throw new OmniError('unauthorized', 'a valid key is needed');
};
