import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { passBack, passOn } from './pass-on.js';
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
    const own = { [mark]: '1', ...(writers.host === undefined ? {} : { host: writers.host }) };
    const answer = await passOn(request, socket, own, writers.pathPrefix);
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

/** By its header, and by the address where a collection, or a tenant itself, is named there. */
function tenantsOf({ tenant, params, routeOptions }: FastifyRequest): string[] {
  const { collection, id } = params as { collection?: string; id?: string };
  const named = routeOptions.url?.startsWith(OF_TENANT) === true ? id : collection;
  return named === undefined ? [tenant] : [tenant, named];
}
