import { once } from 'node:events';
import { request as begin, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { away } from './reach-writers.js';

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
 * Sends a request on, as it comes, over a connection of its own; resolves with the head of the answer. Must come before
 * anything reads the body. Rejects `unavailable`. Nothing is sent twice.
 *
 * @param own headers in place of those that it has; undefined: none of that name
 * @param pathPrefix what the address begins with where it is sent, before its own path
 */
export async function passOn(
  { raw, exchange }: FastifyRequest,
  socket: Socket,
  own: Readonly<Record<string, string | undefined>>,
  pathPrefix = '',
): Promise<IncomingMessage> {
  const { method, url = '/', headers } = raw;
  const path = pathPrefix + url;
  // It goes with the caller, whatever becomes of the request on it.
  exchange.onEnd(() => socket.destroy());
  const upstream = begin({
    // A connection a request: none that its other end closes just then.
    createConnection: () => socket,
    ...{ method, path },
    headers: known({
      ...{ ...sentOn(headers), ...chunkedAs(headers) },
      ...(exchange.span === undefined ? {} : { traceparent: exchange.span.traceparent }),
      ...own,
    }),
  });
  // Once the answer has begun, whoever reads it hears of it.
  upstream.on('error', () => undefined);
  raw.pipe(upstream);
  try {
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    return answer;
  } catch (cause) {
    throw away('who was to answer went away: some of it may be stored', cause);
  } finally {
    // The rest of a body that is answered already is not wanted, but in the way of the next request.
    raw.unpipe(upstream).resume();
  }
}

/** The answer as it is; where it breaks off, so does the connection. */
export function passBack(
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

/** A body of unknown length goes on as one, whatever its method. */
function chunkedAs(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return headers['transfer-encoding'] === undefined ? {} : { 'transfer-encoding': 'chunked' };
}

function known(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}
