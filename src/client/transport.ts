import { Addresses } from './addresses.js';
import { errorOfReply, OmniSearchError, reasonOf } from './errors.js';

export interface TransportOptions {
  /** Servers of one shop, the preferred first; each may have a path of its own. */
  addresses: readonly string[];
  /** Sent as `Authorization: Bearer …`; a function is asked for each attempt, so that keys can change. */
  apiKey?: string | (() => string | undefined) | undefined;
  tenant?: string | undefined;
  /** Sent with each request besides. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** For a whole call with its attempts and pauses; 10 s. */
  timeoutMs?: number | undefined;
  /** For one attempt: then the next address is asked; 3 s. */
  attemptTimeoutMs?: number | undefined;
  /** 3, or one an address where there are more. */
  maxAttempts?: number | undefined;
  fetch?: typeof fetch | undefined;
}

export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  tenant?: string | undefined;
  timeoutMs?: number | undefined;
  attemptTimeoutMs?: number | undefined;
  /** Before a pause, after which the same is asked again. */
  onRetry?: ((waitMs: number, error: OmniSearchError) => void) | undefined;
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to an address. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Sent as JSON; or NDJSON as it is. */
  body?: { json: unknown } | { ndjson: string } | undefined;
  /** What the answer is given back as; JSON. Of text `isWhole` tells whether it broke off. */
  reads?: { isWhole: (text: string) => boolean } | undefined;
  /**
   * What doing it twice would mean: `nothing` more than once, so that it is asked again after any failure;
   * `harm`: only where the server says that it did not do it.
   */
  twice: 'nothing' | 'harm';
  /** What takes longer than a search has so much time, where the call's options do not say. */
  atLeastMs?: number | undefined;
}

const TIMEOUT_MS = 10_000;
const ATTEMPT_TIMEOUT_MS = 3_000;
const MAX_ATTEMPTS = 3;
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 10_000;
/** Another server may do better at once; at 429 it is the caller who is to wait. */
const FAILING_STATUSES = [502, 503, 504];

/** Calls over `fetch`: of several addresses the next where one fails, again after growing pauses. */
export class Transport {
  private readonly addresses: Addresses;

  constructor(private readonly options: TransportOptions) {
    this.addresses = new Addresses(options.addresses);
  }

  /** The reply's JSON, or its text where the call says so; undefined where it has none. Rejects `OmniSearchError`, or the signal's reason. */
  async call(call: Call, options: CallOptions = {}): Promise<unknown> {
    const { atLeastMs = 0 } = call;
    const usualMs = Math.max(this.options.timeoutMs ?? TIMEOUT_MS, atLeastMs);
    const endsAt = performance.now() + (options.timeoutMs ?? usualMs);
    const tried = new Set<string>();
    const { maxAttempts = Math.max(MAX_ATTEMPTS, this.addresses.count) } = this.options;
    for (let attempt = 1, round = 0; ; attempt++) {
      const address = this.addresses.next(tried) as string;
      const error = await this.attempt(address, call, options, endsAt);
      if (!(error instanceof OmniSearchError)) return error.body;
      tried.add(address);
      if (attempt >= maxAttempts || !isWorthAnother(error, call.twice)) throw error;
      const isCallersFault = error.status === 429;
      if (!isCallersFault && this.addresses.next(tried) !== undefined) continue;
      const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs(round++));
      if (performance.now() + waitMs >= endsAt) throw error;
      options.onRetry?.(waitMs, error);
      await pause(waitMs, options.signal);
      tried.clear();
    }
  }

  /** What an address answered: a success, or an error, after which it may rest. */
  private async attempt(
    address: string,
    call: Call,
    options: CallOptions,
    endsAt: number,
  ): Promise<{ body: unknown } | OmniSearchError> {
    options.signal?.throwIfAborted();
    const { atLeastMs = 0 } = call;
    const usualMs = Math.max(this.options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS, atLeastMs);
    const { attemptTimeoutMs = usualMs } = options;
    const clock = new AbortController();
    const leftMs = Math.max(0, Math.min(attemptTimeoutMs, endsAt - performance.now()));
    const timer = setTimeout(() => clock.abort(), leftMs);
    try {
      const { fetch: send = fetch } = this.options;
      const signals = [clock.signal, ...(options.signal ? [options.signal] : [])];
      const init = this.requestOf(call, options, AbortSignal.any(signals));
      const response = await send(urlOf(address, call), init);
      const text = await response.text();
      const outcome = outcomeOf(response, text, call);
      if (isFailing(outcome)) this.addresses.rest(address, outcome.retryAfterMs);
      else this.addresses.wake(address);
      return outcome;
    } catch (error) {
      options.signal?.throwIfAborted();
      this.addresses.rest(address);
      return unansweredError(address, clock.signal.aborted, error);
    } finally {
      clearTimeout(timer);
    }
  }

  private requestOf(call: Call, options: CallOptions, signal: AbortSignal): RequestInit {
    const { apiKey } = this.options;
    const key = typeof apiKey === 'function' ? apiKey() : apiKey;
    const tenant = options.tenant ?? this.options.tenant;
    const headers: Record<string, string> = { ...this.options.headers, accept: 'application/json' };
    if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
    if (tenant !== undefined) headers['x-omnisearch-tenant'] = tenant;
    const { method, body, reads } = call;
    // What is large comes as it is: packing it costs both sides more than the way.
    if (reads !== undefined) headers['accept-encoding'] = 'identity';
    if (body === undefined) return { method, headers, signal };
    const isRows = 'ndjson' in body;
    headers['content-type'] = isRows ? 'application/x-ndjson' : 'application/json';
    return { method, headers, signal, body: isRows ? body.ndjson : JSON.stringify(body.json) };
  }
}

function isFailing(outcome: { body: unknown } | OmniSearchError): outcome is OmniSearchError {
  if (!(outcome instanceof OmniSearchError)) return false;
  return FAILING_STATUSES.includes(outcome.status) && outcome.code !== 'deadline_exceeded';
}

/**
 * A search whose own time ran out is not asked again: another would cost the same. Nor is what a plan has no room for:
 * no wait makes any.
 */
function isWorthAnother(error: OmniSearchError, twice: Call['twice']): boolean {
  if (error.code === 'quota_exceeded') return false;
  const wasNotDone = error.status === 429 || (error.status === 503 && error.code === 'overloaded');
  return wasNotDone || (twice === 'nothing' && (error.status === 0 || isFailing(error)));
}

function outcomeOf(
  response: Response,
  text: string,
  { reads }: Call,
): { body: unknown } | OmniSearchError {
  if (response.ok && reads !== undefined) {
    if (reads.isWhole(text)) return { body: text };
    return new OmniSearchError(502, 'the answer broke off', { code: 'unreachable' });
  }
  const body = parsed(text);
  const { status, headers } = response;
  if (!response.ok) return errorOfReply(status, body, retryAfterMs(headers));
  if (body !== undefined || text.trim() === '') return { body };
  return new OmniSearchError(502, 'the answer was not JSON', { code: 'unreachable' });
}

function unansweredError(address: string, isLate: boolean, cause: unknown): OmniSearchError {
  const where = address.replace(/\/$/, '');
  const why = isLate ? 'no answer in time' : reasonOf(cause);
  const code = isLate ? 'timeout' : 'unreachable';
  return new OmniSearchError(0, `${where} does not answer: ${why}`, { code, cause });
}

function urlOf(address: string, { path, query = {} }: Call): URL {
  const url = new URL(path, address);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The header may also be a date; ours never is, and a proxy's is not worth a parser. */
function retryAfterMs(headers: Headers): number | undefined {
  const header = headers.get('retry-after')?.trim();
  const seconds = Number(header);
  return header !== undefined && header !== '' && seconds >= 0 ? seconds * 1_000 : undefined;
}

function backoffMs(round: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** round) * (0.5 + Math.random() / 2);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
