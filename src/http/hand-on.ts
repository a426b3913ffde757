import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OmniError } from '../core/errors.js';
import { WALKER_HEADER } from '../tenancy/handover.js';
import type { HandoverWatch } from '../tenancy/handover-watch.js';
import { isOwn } from './own-routes.js';
import { passBack, passOn } from './pass-on.js';
import { connectPatiently, placeOfUrl } from './reach-writers.js';
import { ALL_WRITES } from './region.js';
import { isWrite } from './writes.js';

/** What a query node knows of the other installation, to which this one is handed over or of which it is filled. */
export type HandoverPort = Pick<
  HandoverWatch,
  'current' | 'readsThere' | 'writesThere' | 'writer' | 'here' | 'look'
>;

/** How often a request was sent on between the two: while neither takes it yet, it goes to and fro. */
const MARK = 'x-omnisearch-handed-on';
/** As long as a write may wait. */
const MAX_HOPS = 50;
/** A node of the other installation that is restarted comes back sooner. */
const PATIENCE_MS = 5_000;
/** Copies of what is here: a region that follows it, a backup. */
const COPYING = /^\/admin\/(region|export)\/./;
/** The record of the handover itself. */
const RECORD = '/admin/handover';

/**
 * Has the other installation answer what is its to answer. A write that comes while nobody takes any waits; one that
 * was let in before is stored before it is copied. Must come before all that looks at keys, tenants or bodies: those
 * here may be old.
 */
export function handOn(
  app: FastifyInstance,
  handover: HandoverPort,
  isLeaving: () => boolean,
): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.headers[WALKER_HEADER] !== undefined) return requireWalker(request, handover);
    if (!isConcerned(request, handover)) return;
    const { url: route = '' } = request.routeOptions;
    const isOfWriter = isWrite(request.method, route);
    if (!(isOfWriter ? handover.writesThere : handover.readsThere)) return;
    if (!isOfWriter && (await isReadHere(request, handover))) return;
    await sendUnlessHere(request, reply, handover, isLeaving());
  });
  // Once it is let in: strangers do not wait.
  app.addHook('preParsing', async (request, reply) => {
    requireCurrent(request, handover);
    if (!isConcerned(request, handover)) return;
    if (!isWrite(request.method, request.routeOptions.url ?? '')) return;
    const { signal } = request.exchange;
    if ((await handover.writer(signal)) === 'here') return;
    await sendUnlessHere(request, reply, handover, isLeaving());
  });
}

/** Throws `conflict` where what is here gets old: whoever copies it is to know. */
function requireCurrent(
  { method, headers, routeOptions }: FastifyRequest,
  { readsThere, current }: HandoverPort,
): void {
  const { url: route = '' } = routeOptions;
  if (!readsThere || isWrite(method, route) || !COPYING.test(route)) return;
  if (headers[WALKER_HEADER] !== undefined) return;
  throw new OmniError('conflict', `what is here is not kept up any more: ask ${current?.peer}`);
}

/** Whether anything is handed over, and it is neither for this one's own nodes nor asked by the command that does so. */
function isConcerned(
  { headers, routeOptions }: FastifyRequest,
  { current }: HandoverPort,
): boolean {
  if (current === undefined || isOwn(routeOptions.url ?? '')) return false;
  return headers[WALKER_HEADER] === undefined;
}

/**
 * What the command that hands over asks of this installation is never for the other one. Rejects `conflict` for one that
 * another has taken over from.
 */
async function requireWalker(
  { headers, routeOptions }: FastifyRequest,
  handover: HandoverPort,
): Promise<void> {
  if (routeOptions.url === RECORD) return;
  const isKnown = () => headers[WALKER_HEADER] === handover.current?.walker;
  if (isKnown()) return;
  await handover.look();
  if (isKnown()) return;
  throw new OmniError('conflict', 'another command hands this installation over by now', {
    field: WALKER_HEADER,
  });
}

/**
 * Whether a read that the other has sent is to be answered all the same. Between the two changes of a cut-over each says
 * that the other answers: both have the same then and nobody writes, so the one that it comes back to answers it.
 */
async function isReadHere(request: FastifyRequest, handover: HandoverPort): Promise<boolean> {
  const hops = hopsOf(request);
  if (hops === 0) return false;
  await handover.look().catch(() => undefined);
  return hops > 1 || !handover.readsThere;
}

/** How often it was sent on. Whatever else stands there is not ours: it is not sent on again. */
function hopsOf({ headers }: FastifyRequest): number {
  const said = Number(headers[MARK] ?? 0);
  return said >= 0 ? said : MAX_HOPS;
}

/** What the other has sent is sent back only where it is not for this one in a moment: both may be changing just now. */
async function sendUnlessHere(
  request: FastifyRequest,
  reply: FastifyReply,
  handover: HandoverPort,
  isLast: boolean,
): Promise<void> {
  const hops = hopsOf(request);
  if (hops > 0) {
    const { signal } = request.exchange;
    const isHere = await handover.here(signal).then(
      () => true,
      (error: unknown) => {
        signal.throwIfAborted();
        if (!(hops < MAX_HOPS)) throw error;
        return false;
      },
    );
    if (isHere) return;
  }
  await send(request, reply, handover, hops + 1, isLast);
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { current }: HandoverPort,
  hops: number,
  isLast: boolean,
): Promise<void> {
  const socket = await reach(current?.peer ?? '', request.exchange.signal);
  const { 'x-forwarded-for': before } = request.headers;
  const from = request.raw.socket.remoteAddress;
  const answer = await passOn(request, socket, {
    // What was forwarded between nodes of one installation would be refused by those of the other.
    ...{ [MARK]: String(hops), [ALL_WRITES.mark]: undefined },
    'x-forwarded-for': [before, from].filter((one) => one !== undefined).join(', '),
  });
  passBack(answer, request, reply, isLast);
}

/** A connection to the other installation. Rejects `unavailable`. */
function reach(peer: string, signal: AbortSignal): Promise<Socket> {
  const place = placeOfUrl(new URL(peer));
  return connectPatiently(() => [place], PATIENCE_MS, signal);
}
