import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { unpackedIfGzip } from '../catalogue-files/gzip-bytes.js';
import { unlessAborted } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { askRemote, type CheckedAddress } from './remote-request.js';
import { bare, notPublic, refused, type RemoteHosts } from './remote-hosts.js';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** From a name to the head of the reply, and between two pieces of its body. */
const SILENCE_MS = 30_000;

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly CheckedAddress[]>;

export interface RemoteFileRequest {
  url: string;
  hosts: RemoteHosts;
  /** Of the file, packed and unpacked. */
  maxBytes: number;
  /** For the whole of it, from the name to the last byte taken. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  resolve?: Resolve;
}

/**
 * The bytes of a file on an allowed host, unpacked where they are gzip. They are read only as fast as they are taken; ending
 * the iteration closes the connection.
 *
 * Every hop (at most five redirects) is checked anew: its URL, then every address of its name, and the connection goes to an
 * address that was checked. Throws `invalid_field` for what may not be read, `too_large`, `deadline_exceeded`, `unavailable`
 * where another attempt may do, or the signal's reason: each names `url`, and none holds anything that the host answered but
 * the number of its status. What comes after the first byte is thrown by the iteration.
 */
export async function openRemoteFile(
  request: RemoteFileRequest,
): Promise<AsyncGenerator<Uint8Array>> {
  const within = new TimeBound(request.timeoutMs, request.signal);
  try {
    const response = await follow(request, within);
    return await unpackedBody(response, request.maxBytes, within);
  } catch (error) {
    within.end();
    throw within.signal.aborted ? within.reason : plainError(error);
  }
}

/** One signal out of the caller's and the time, and which of them it was. */
class TimeBound {
  private readonly late = new AbortController();
  private readonly timer: NodeJS.Timeout;
  readonly signal: AbortSignal;

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.timer = setTimeout(() => this.late.abort(tooSlow()), timeoutMs);
    this.signal =
      caller === undefined ? this.late.signal : AbortSignal.any([caller, this.late.signal]);
  }

  get reason(): Error {
    return this.signal.reason as Error;
  }

  /** `work`, given up when nothing has come of it for so long. */
  async step<T>(work: Promise<T>): Promise<T> {
    const silent = setTimeout(() => this.late.abort(tooSlow()), SILENCE_MS);
    try {
      return await unlessAborted(work, this.signal);
    } finally {
      clearTimeout(silent);
    }
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

async function follow(request: RemoteFileRequest, within: TimeBound): Promise<IncomingMessage> {
  let target = request.url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const url = request.hosts.parse(target);
    const addresses = await within.step(checkedAddresses(url, request));
    const response = await within.step(askRemote(url, addresses, within.signal));
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return response;
    response.destroy();
    if (!REDIRECTS.has(statusCode)) throw statusError(statusCode);
    if (headers.location === undefined || !URL.canParse(headers.location, url.href)) {
      throw refused('redirects to no URL');
    }
    // A backslash or a blank in it is repaired here once, and what came of that is what is checked.
    target = new URL(headers.location, url).href;
  }
  throw refused(`must not be redirected more than ${MAX_REDIRECTS} times`);
}

/** Where the host of `url` is. One address of many that may not be reached spoils them all. */
async function checkedAddresses(
  url: URL,
  { hosts, resolve = resolveHost }: RemoteFileRequest,
): Promise<readonly CheckedAddress[]> {
  const addresses = await resolve(bare(url.hostname)).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND') throw refused('names a host that cannot be found');
    throw unreadable(error);
  });
  if (addresses.length === 0) throw refused('names a host that cannot be found');
  if (!addresses.every(({ address }) => hosts.mayReach(url, address))) throw notPublic();
  return addresses;
}

function resolveHost(hostname: string): Promise<readonly CheckedAddress[]> {
  return lookup(hostname, { all: true, verbatim: true });
}

async function unpackedBody(
  response: IncomingMessage,
  maxBytes: number,
  within: TimeBound,
): Promise<AsyncGenerator<Uint8Array>> {
  const encoding = (response.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip') {
    response.destroy();
    throw refused('answers in a content encoding other than gzip');
  }
  const { 'content-length': length, 'transfer-encoding': chunked } = response.headers;
  if (length === undefined && chunked === undefined) {
    response.destroy();
    throw refused(
      'is answered without a length, so that a part of the file would pass for all of it',
    );
  }
  if (Number(length ?? 0) > maxBytes) {
    response.destroy();
    throw tooLarge(maxBytes);
  }
  let bytes = await unpackedIfGzip(bounded(received(response, within), maxBytes), plainError);
  // A .gz file that was packed once more on its way.
  if (encoding === 'gzip') bytes = await unpackedIfGzip(bounded(bytes, maxBytes), plainError);
  return bounded(bytes, maxBytes);
}

/** The body as it comes. Time counts while the host is waited for, and over all. */
async function* received(response: IncomingMessage, within: TimeBound): AsyncGenerator<Uint8Array> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      const read = await within.step(chunks.next());
      if (read.done === true) return;
      yield read.value;
    }
  } catch (error) {
    throw within.signal.aborted ? within.reason : unreadable(error);
  } finally {
    within.end();
    response.destroy();
  }
}

async function* bounded(
  chunks: AsyncGenerator<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function statusError(status: number): OmniError {
  const isPassing = status === 408 || status === 429 || status >= 500;
  if (!isPassing) return refused(`is answered with status ${status}, not 200`);
  return new OmniError('unavailable', `url is answered with status ${status}`, { field: 'url' });
}

function tooLarge(maxBytes: number): OmniError {
  return new OmniError('too_large', `url leads to more than ${maxBytes} bytes`, { field: 'url' });
}

function tooSlow(): OmniError {
  return new OmniError('deadline_exceeded', 'url does not answer in time', { field: 'url' });
}

function plainError(error: unknown): OmniError {
  return error instanceof OmniError ? error : unreadable(error);
}

/** Of what failed only the name: a parser's error carries the bytes it failed at, a certificate's what stands in it. */
function unreadable(error: unknown): OmniError {
  const { code } = error as NodeJS.ErrnoException;
  const name = typeof code === 'string' && /^[A-Z][A-Z\d_]{1,48}$/.test(code) ? ` (${code})` : '';
  return new OmniError('unavailable', `url cannot be read${name}`, { field: 'url' });
}
