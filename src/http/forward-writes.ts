import { once } from 'node:events';
import { request as begin, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { away, connectPatiently, type WriterPlace } from './reach-writers.js';

/** What a query node that only reads knows of those that write. */
export interface WritersPort {
  /** Where they are, the one to be tried first first; none: nobody is known to write. */
  places: () => readonly WriterPlace[];
  /** How long one that can not be reached is waited for, in milliseconds: it may be restarting. */
  patienceMs: number;
  /** A write was answered that may be of any of these tenants: what this node keeps of them is old. Never rejects. */
  written(tenants: readonly string[], route: string): Promise<void>;
  /** By which name they are asked; undefined: by the caller's. */
  host?: string | undefined;
  /** What their addresses begin with, before the caller's path. */
  pathPrefix?: string | undefined;
}

/** What is forwarded, and what tells that it was. */
export interface Forwarding {
  takes: (method: string, route: string) => boolean;
  /** A header of a request that was forwarded: it is not forwarded so again. */
  mark: string;
  /** What is wrong where it would be. */
  again: string;
}

/** Writes that wait for somebody to write. */
const MAX_WAITING = 64;
/** Whose `id` is a tenant. */
const OF_TENANT = '/tenants/:id';
/** Of a connection, not of what is sent on it (RFC 9110, 7.6.1). `Expect` is answered by whoever is asked first. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** What says where a body ends, for whom a request is and by whom: whoever calls that of a connection, it goes on. */
const OF_REQUEST = /^(content-|host$|authorization$|x-omnisearch-)/;

/**
 * Has writes answered by a query node that writes, once this node has let them in: bytes go to and fro as they come, so
 * that neither a body nor an answer is ever held as a whole. Must come before all that reads bodies.
 */
export function forwardWrites(
  app: FastifyInstance,
  writers: WritersPort,
  isLeaving: () => boolean,
  { takes, mark, again }: Forwarding,
): void {
  const reach = patiently(writers);
  app.addHook('preParsing', async (request, reply) => {
    const { url: route = '' } = request.routeOptions;
    if (!takes(request.method, route)) return;
    if (request.headers[mark] !== undefined) throw away(again);
    const socket = await reach(request.exchange.signal);
    const answer = await ask(request, socket, writers, mark);
    await writers.written(tenantsOf(request), route);
    passBack(answer, request, reply, isLeaving());
  });
}

/**
 * Connects to one that writes. Nothing was sent yet, so a write may wait while that restarts; where too many wait
 * already it rejects at once.
 */
function patiently({ places, patienceMs }: WritersPort): (signal: AbortSignal) => Promise<Socket> {
  let waiting = 0;
  return async (signal) => {
    const own = { isWaiting: false };
    const mayWait = (): boolean => {
      if (!own.isWaiting && waiting < MAX_WAITING) {
        own.isWaiting = true;
        waiting += 1;
      }
      return own.isWaiting;
    };
    try {
      return await connectPatiently(places, patienceMs, signal, mayWait);
    } finally {
      if (own.isWaiting) waiting -= 1;
    }
  };
}

/** Sends the request on; resolves with the head of the answer. Rejects `unavailable`. Nothing is sent twice. */
async function ask(
  { raw, exchange }: FastifyRequest,
  socket: Socket,
  { host, pathPrefix = '' }: Pick<WritersPort, 'host' | 'pathPrefix'>,
  mark: string,
): Promise<IncomingMessage> {
  const { method, url = '/', headers } = raw;
  const path = pathPrefix + url;
  // It goes with the caller, whatever becomes of the request on it.
  exchange.onEnd(() => socket.destroy());
  const upstream = begin({
    // A connection a request: none that its other end closes just then.
    createConnection: () => socket,
    ...{ method, path },
    headers: {
      ...{ ...sentOn(headers), ...chunkedAs(headers), [mark]: '1' },
      ...(host === undefined ? {} : { host }),
      ...(exchange.span === undefined ? {} : { traceparent: exchange.span.traceparent }),
    },
  });
  // Once the answer has begun, whoever reads it hears of it.
  upstream.on('error', () => undefined);
  raw.pipe(upstream);
  try {
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    return answer;
  } catch (cause) {
    throw away('the query node that writes went away: some of it may be stored', cause);
  } finally {
    // The rest of a body that is answered already is not wanted, but in the way of the next request.
    raw.unpipe(upstream).resume();
  }
}

/** The answer as it is; where it breaks off, so does the connection. */
function passBack(
  answer: IncomingMessage,
  { exchange }: FastifyRequest,
  reply: FastifyReply,
  isLast: boolean,
): void {
  reply.hijack();
  exchange.progress();
  answer.on('data', () => exchange.progress());
  const headers = { ...sentOn(answer.headers), ...(isLast ? { connection: 'close' } : {}) };
  reply.raw.writeHead(answer.statusCode ?? 502, headers);
  pipeline(answer, reply.raw, () => undefined);
}

function sentOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const isOfConnection = (name: string): boolean =>
    OF_CONNECTION.has(name) || (named.includes(name) && !OF_REQUEST.test(name));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOfConnection(name)));
}

/** By its header, and by the address where a collection, or a tenant itself, is named there. */
function tenantsOf({ tenant, params, routeOptions }: FastifyRequest): string[] {
  const { collection, id } = params as { collection?: string; id?: string };
  const named = routeOptions.url?.startsWith(OF_TENANT) === true ? id : collection;
  return named === undefined ? [tenant] : [tenant, named];
}

/** A body of unknown length goes on as one, whatever its method. */
function chunkedAs(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
}
