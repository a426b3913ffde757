import { randomUUID } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import { ByteBudget } from '../core/byte-budget.js';
import { OmniError } from '../core/errors.js';
import { addAccessLog } from './access-log.js';
import { addCompression } from './compression.js';
import { Connections, type Exchange } from './connections.js';
import { handOn } from './hand-on.js';
import { lazyValidators } from './lazy-validators.js';
import { malformedRequestReply, sendError } from './error-reply.js';
import { forwardWrites } from './forward-writes.js';
import { addRegion, ALL_WRITES, OWN_WRITES } from './region.js';
import { addJsonParsers } from './json-body.js';
import { DEFAULT_COMPRESS_MIN_BYTES, DEFAULT_LIMITS, MAX_HEADERS, SMALL_BYTES } from './limits.js';
import { addOpenApi } from './openapi.js';
import { addRoutes } from './routes.js';
import { refuseUnnarrowed } from './narrowed-routes.js';
import { otherMethods } from './other-methods.js';
import type { HttpOptions, HttpPorts } from './ports.js';
import { addRequestEncodings, checkEncoding } from './request-encoding.js';
import { schemaError } from './schema-error.js';
import { addLimitHeaders } from './search-limits.js';
import { addTracing } from './tracing.js';

/** An id of 256 bytes, each percent-encoded, with room to be told that it is too long. */
const MAX_PARAM_CHARACTERS = 4_096;
/** A head must be whole by then. */
const HEAD_TIMEOUT_MS = 15_000;
/** What is still sent of a body after its answer is read for so long, so that its sender sees that. */
const LINGER_MS = 5_000;
/** Longer than any wait that a request may ask for. */
const CONNECTION_TIMEOUT_MS = 660_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** The request and its reply as its connection sees them. */
    exchange: Exchange;
  }
}

/** The node's HTTP side. */
export interface HttpServer {
  /** For tests: requests without a socket. */
  app: FastifyInstance;
  /** Resolves with the port that is listened on (`port` 0 takes a free one), 0 for a Unix socket. */
  listen(address: { port: number; host: string } | { path: string }): Promise<number>;
  /** That were asked for since the start, however they ended. */
  searches(): number;
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
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const bodies = byteBudget('request bodies', limits.bodyBytes);
  const replies = byteBudget('replies', limits.replyBytes);
  const connections = new Connections(limits);
  const app = createApp(ports.logger, options.trustProxy);
  addJsonParsers(app, limits, bodies);
  if (options.accessLog === true) addAccessLog(app);
  addHooks(app, connections, () => leaving);
  if (ports.tracer !== undefined) addTracing(app, ports.tracer);
  const { handover, writers, region } = ports;
  if (handover !== undefined) handOn(app, handover, () => leaving);
  if (region !== undefined) addRegion(app, region, () => leaving);
  if (writers !== undefined) {
    forwardWrites(app, writers, () => leaving, region === undefined ? ALL_WRITES : OWN_WRITES);
  }
  addRequestEncodings(app);
  await addCompression(app, options.compressMinBytes ?? DEFAULT_COMPRESS_MIN_BYTES);
  const others = otherMethods(app);
  await addOpenApi(app, options.version ?? '0');
  const metrics = await addRoutes(
    app,
    ports,
    { ...options, limits, bodies, replies },
    () => leaving,
  );
  others.refuse();
  await app.ready();
  // All of them: what is too many is refused, not left out.
  app.server.maxHeadersCount = 0;
  app.server.on('connection', (socket: Socket) => connections.accept(socket));

  const leave = () => {
    leaving = true;
  };
  return {
    app,
    leave,
    searches: () => metrics.total,
    listen: async (address) => {
      await app.listen(address);
      const listened = app.server.address() as AddressInfo | string;
      return typeof listened === 'string' ? 0 : listened.port;
    },
    close: async (graceMs) => {
      leave();
      const timer = setTimeout(() => app.server.closeAllConnections(), graceMs);
      await app.close();
      clearTimeout(timer);
      connections.close();
    },
  };
}

/** A quarter of it is for small ones alone. */
function byteBudget(what: string, limitBytes: number): ByteBudget {
  return new ByteBudget({
    what,
    limitBytes,
    reserveBytes: limitBytes / 4,
    smallBytes: SMALL_BYTES,
  });
}

function createApp(
  logger: FastifyBaseLogger,
  trustProxy: readonly string[] | undefined,
): FastifyInstance {
  return fastify({
    trustProxy: trustProxy === undefined ? false : [...trustProxy],
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    http: { headersTimeout: HEAD_TIMEOUT_MS, connectionsCheckingInterval: HEAD_TIMEOUT_MS / 3 },
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
    schemaController: { compilersFactory: { buildValidator: lazyValidators } },
    schemaErrorFormatter: (errors) => schemaError(errors),
    frameworkErrors: (error, request, reply) => {
      void sendError(request, reply, error);
    },
    clientErrorHandler: answerMalformed,
    // A busy machine takes its time over the first start: no reason to fail.
    pluginTimeout: 0,
  });
}

function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.end(malformedRequestReply(error.code === 'HPE_HEADER_OVERFLOW'));
  // Not only ended: who does not close its side would keep the descriptor.
  socket.destroySoon();
}

function addHooks(app: FastifyInstance, connections: Connections, isLeaving: () => boolean): void {
  app.decorateRequest('tenant', 'default');
  app.decorateRequest('actor', null);
  app.decorateRequest('key');
  app.decorateRequest('narrowing');
  app.decorateRequest('limit', undefined);
  app.decorateRequest('searches', undefined);
  app.decorateRequest('exchange');
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error));
  app.setNotFoundHandler(() => {
    throw notFound();
  });
  // With `done` rather than a promise: every request passes all of these.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    request.exchange = connections.begin(request.raw.socket, reply.raw);
    if (request.raw.rawHeaders.length > 2 * MAX_HEADERS) {
      const message = `a request may have at most ${MAX_HEADERS} headers`;
      sendError(request, reply, new OmniError('too_large', message), {}, 431);
      return;
    }
    // Before its body is looked at: a route that is not there has no opinion on it.
    if (request.is404) throw notFound();
    checkEncoding(request);
    done();
  });
  app.addHook('preValidation', (request, _, done) => {
    refuseUnnarrowed(request);
    const { bodyless = false } = request.routeOptions.config;
    const wantsBody = WITH_BODY.has(request.method) && !bodyless;
    if (wantsBody && request.body === undefined) {
      throw new OmniError('invalid_json', 'the body is empty');
    }
    done();
  });
  app.addHook('onSend', (request, reply, _, done) => {
    addLimitHeaders(request, reply);
    // Otherwise a connection kept alive would outlast the requests it was kept for.
    if (isLeaving()) reply.header('connection', 'close');
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, log } = request;
    const elapsedMs = Math.round(reply.elapsedTime * 1_000) / 1_000;
    log.debug({ method, route: routeOptions.url, status: reply.statusCode, elapsedMs }, 'answered');
    // Undefined where there is no socket (in tests).
    if ((request.raw.complete as boolean | undefined) === false) linger(request);
    done();
  });
}

/** Reads what still comes of a body and drops it, but not for ever. */
function linger({ raw }: FastifyRequest): void {
  raw.resume();
  const timer = setTimeout(() => raw.socket.destroy(), LINGER_MS);
  for (const event of ['end', 'close']) raw.once(event, () => clearTimeout(timer));
}

const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PATCH', 'PUT']);

function notFound(): OmniError {
  return new OmniError('not_found', 'there is no such route');
}
