import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';

/** Where one that writes is. */
export type WriterPlace = NetConnectOpts & {
  /** The name that its certificate must have; undefined: there is no TLS. */
  tlsName?: string;
};

/** Who is not there by then is away. */
const CONNECT_LIMIT_MS = 1_000;
const MAX_TRIED = 3;
const KEEP_ALIVE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * Connects to the first of `places` that can be reached; where none can, again until `patienceMs` are over, as long
 * as `mayWait` says so and somebody is known who could come back. Rejects `unavailable`.
 */
export async function connectPatiently(
  places: () => readonly WriterPlace[],
  patienceMs: number,
  signal: AbortSignal,
  mayWait: () => boolean = () => true,
): Promise<Socket> {
  const patience = Deadline.after(patienceMs);
  for (;;) {
    const known = places();
    try {
      return await connectToAny(known, signal);
    } catch (error) {
      const isOver = patience.expired || signal.aborted || known.length === 0;
      if (isOver || !mayWait()) throw error;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function connectToAny(places: readonly WriterPlace[], signal: AbortSignal): Promise<Socket> {
  let cause: unknown;
  for (const place of places.slice(0, MAX_TRIED)) {
    // A machine that vanished closes nothing.
    const alive = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const { tlsName } = place;
    const isTls = tlsName !== undefined;
    const socket = isTls
      ? connectByTls({ ...place, ...alive, servername: tlsName })
      : connect({ ...place, ...alive });
    try {
      const limit = AbortSignal.timeout(CONNECT_LIMIT_MS);
      await once(socket, isTls ? 'secureConnect' : 'connect', {
        signal: AbortSignal.any([signal, limit]),
      });
      return socket;
    } catch (error) {
      cause = error;
      // What fails after it was given up is nobody's concern.
      socket.on('error', () => undefined).destroy();
    }
  }
  throw away('no query node that writes can be reached', cause);
}

/** Where an `http:` or `https:` address is. */
export function placeOfUrl({ protocol, hostname, port }: URL): WriterPlace {
  const host = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  const usual = isTls ? HTTPS_PORT : HTTP_PORT;
  const place = { host, port: port === '' ? usual : Number(port) };
  return isTls ? { ...place, tlsName: host } : place;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export function away(message: string, cause?: unknown): OmniError {
  return new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS, cause });
}
