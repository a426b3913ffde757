import { randomUUID } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import { OmniError } from '../core/errors.js';
import { readTenant, requireKey } from './access.js';
import { malformedRequestReply, sendError } from './error-reply.js';
import { InFlightGate } from './in-flight-gate.js';
import { Metrics } from './metrics.js';
import { pageRoutes } from './page-routes.js';
import type { HttpOptions, HttpPorts } from './ports.js';
import { productRoutes } from './product-routes.js';
import { readJson } from './read-body.js';
import { schemaError } from './schema-error.js';
import { searchRoutes } from './search-routes.js';
import { categoryRoutes, healthRoutes, statsRoutes } from './status-routes.js';

/** An id of 256 bytes, each percent-encoded, with room to be told that it is too long. */
const MAX_PARAM_CHARACTERS = 4_096;
/** All JSON bodies being read at one time. */
const BODIES_IN_FLIGHT_BYTES = 256 * 1024 * 1024;
const BODY_IDLE_TIMEOUT_MS = 30_000;
/** Longer than any wait that a request may ask for. */
const CONNECTION_TIMEOUT_MS = 660_000;

/** The node's HTTP side. */
export interface HttpServer {
  /** For tests: requests without a socket. */
  app: FastifyInstance;
  /** Resolves with the port that is listened on (`port` 0 takes a free one). */
  listen(address: { port: number; host: string }): Promise<number>;
  /** From now on `/readyz` is answered with 503, all else as before, each answer the last of its connection. */
  leave(): void;
  /**
   * Leaves, takes no more connections, lets running requests end for at most `graceMs`, and stops. What
   * still comes on a connection that there is has its answer, too: nobody else could give one.
   */
  close(graceMs: number): Promise<void>;
}

/** Builds the server from what the node is made of; nothing listens yet. */
export async function createHttpServer(
  ports: HttpPorts,
  options: HttpOptions,
): Promise<HttpServer> {
  let leaving = false;
  const app = createApp(ports.logger);
  addBodyParser(app, options.bodyIdleTimeoutMs ?? BODY_IDLE_TIMEOUT_MS);
  addHooks(app, () => leaving);
  await addRoutes(app, ports, options, () => leaving);
  await app.ready();

  const leave = () => {
    leaving = true;
  };
  return {
    app,
    leave,
    listen: async (address) => {
      await app.listen(address);
      return (app.server.address() as AddressInfo).port;
    },
    close: async (graceMs) => {
      leave();
      const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
      await app.close();
      clearTimeout(timer);
    },
  };
}

function createApp(logger: FastifyBaseLogger): FastifyInstance {
  return fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    // A node that stops answers what reaches it all the same.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_CHARACTERS },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
        strict: true,
        // Error messages show what was sent.
        verbose: true,
      },
    },
    schemaErrorFormatter: (errors) => schemaError(errors),
    frameworkErrors: (error, request, reply) => {
      void sendError(request, reply, error);
    },
    clientErrorHandler: answerMalformed,
  });
}

function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(malformedRequestReply(error.code === 'HPE_HEADER_OVERFLOW'));
  else socket.destroy(error);
}

/** JSON is read here, strictly; whatever else comes is 415. */
function addBodyParser(app: FastifyInstance, bodyIdleTimeoutMs: number): void {
  const memory = new InFlightGate(BODIES_IN_FLIGHT_BYTES, 'request bodies');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (_: FastifyRequest, body: Readable) =>
    readJson(body, bodyIdleTimeoutMs, memory),
  );
}

function addHooks(app: FastifyInstance, isLeaving: () => boolean): void {
  app.decorateRequest('tenant', 'default');
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error));
  app.setNotFoundHandler(() => {
    throw notFound();
  });
  // With `done` rather than a promise: every request passes all of these.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    // Before its body is looked at: a route that is not there has no opinion on it.
    if (request.is404) throw notFound();
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new OmniError('unsupported_media_type', 'a request body must not be compressed');
    }
    done();
  });
  app.addHook('preValidation', (request, _, done) => {
    const wantsBody = request.method === 'POST' || request.method === 'PATCH';
    if (wantsBody && request.body === undefined) {
      throw new OmniError('invalid_json', 'the body is empty');
    }
    done();
  });
  app.addHook('onSend', (_, reply, __, done) => {
    // Otherwise a connection kept alive would outlast the requests it was kept for.
    if (isLeaving()) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, log } = request;
    const elapsedMs = Math.round(reply.elapsedTime * 1_000) / 1_000;
    log.debug({ method, route: routeOptions.url, status: reply.statusCode, elapsedMs }, 'answered');
    done();
  });
}

function notFound(): OmniError {
  return new OmniError('not_found', 'there is no such route');
}

async function addRoutes(
  app: FastifyInstance,
  ports: HttpPorts,
  options: HttpOptions,
  isLeaving: () => boolean,
): Promise<void> {
  const metrics = new Metrics();
  healthRoutes(app, ports, isLeaving);
  await pageRoutes(app, options);
  await app.register(async (scope) => statsRoutes(scope, ports, options, metrics));
  await app.register(async (scope) => {
    if (options.apiKey !== undefined) scope.addHook('onRequest', requireKey(options.apiKey));
    scope.addHook('onRequest', readTenant);
    searchRoutes(scope, ports, options, metrics);
    categoryRoutes(scope, ports);
    await scope.register(async (inner) =>
      productRoutes(inner, ports, options.bodyIdleTimeoutMs ?? BODY_IDLE_TIMEOUT_MS),
    );
  });
}
