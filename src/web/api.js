// @ts-check
import { askForKey, storedKey } from './key.js';
import { isObject, textOf } from './wire.js';

/** @typedef {import('./wire.js').SearchReply} SearchReply */

/** Longest wait for one answer: the server's own deadline is far below. */
const REQUEST_TIMEOUT_MS = 15_000;
const MAX_ATTEMPTS = 3;
const DEFAULT_RETRY_MS = 1_000;
const MAX_RETRY_MS = 5_000;

/** An answer that is not a 2xx, or no answer at all (status 0). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {{ code?: string, requestId?: string, retryAfterMs?: number }} [details]
   */
  constructor(status, message, details = {}) {
    super(message);
    this.status = status;
    this.code = details.code;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** @typedef {{ tenant?: string | undefined, signal?: AbortSignal | undefined, body?: object }} Options */

/**
 * One JSON request, with the key of this tab; where the shop wants another one, it is asked for. Throws
 * `ApiError`, or an `AbortError` when `signal` was aborted.
 *
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<unknown>}
 */
export async function request(path, options = {}) {
  for (;;) {
    const key = storedKey();
    try {
      return await exchange(path, options, key);
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401;
      if (!refused || !(await askForKey(key))) throw error;
    }
  }
}

/**
 * @param {string} path
 * @param {Options} options
 * @param {string | undefined} key
 * @returns {Promise<unknown>}
 */
async function exchange(path, { tenant, signal, body }, key) {
  /** @type {Record<string, string>} */
  const headers = { accept: 'application/json' };
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  if (tenant !== undefined) headers['x-omnisearch-tenant'] = tenant;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  try {
    const response = await fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const reply = await response.json().catch((/** @type {unknown} */ error) => {
      // A proxy's HTML page is no JSON; a connection that broke is another matter.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    });
    if (!response.ok) throw errorOf(response, reply);
    if (reply === undefined) throw new ApiError(502, 'the answer was not JSON');
    return reply;
  } catch (error) {
    if (signal?.aborted) throw new DOMException('superseded', 'AbortError');
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, timeout.aborted ? 'no answer in time' : 'no connection');
  }
}

/**
 * `POST /search/text`. A 429 or 503 is asked again after its `Retry-After`, three times in all.
 *
 * @param {object} body
 * @param {{ tenant: string | undefined, signal: AbortSignal, onRetry: (waitMs: number) => void }} options
 * @returns {Promise<SearchReply>}
 */
export async function searchText(body, { tenant, signal, onRetry }) {
  for (let attempt = 1; ; attempt++) {
    try {
      const reply = await request('/search/text', { tenant, signal, body });
      return /** @type {SearchReply} */ (reply);
    } catch (error) {
      const waitMs = error instanceof ApiError ? error.retryAfterMs : undefined;
      if (waitMs === undefined || waitMs > MAX_RETRY_MS || attempt === MAX_ATTEMPTS) throw error;
      onRetry(waitMs);
      await pause(waitMs, signal);
    }
  }
}

/** @param {Response} response @param {unknown} reply @returns {ApiError} */
function errorOf(response, reply) {
  const error = isObject(reply) && isObject(reply.error) ? reply.error : {};
  return new ApiError(response.status, textOf(error.message) ?? `status ${response.status}`, {
    ...(textOf(error.code) === undefined ? {} : { code: String(error.code) }),
    ...(textOf(error.request_id) === undefined ? {} : { requestId: String(error.request_id) }),
    ...retryAfter(response),
  });
}

/** @param {Response} response @returns {{ retryAfterMs?: number }} */
function retryAfter(response) {
  if (response.status !== 429 && response.status !== 503) return {};
  const header = response.headers.get('retry-after');
  // The header may also be a date; ours never is, and a proxy's is not worth a parser.
  const seconds = header === null || header.trim() === '' ? Number.NaN : Number(header);
  return { retryAfterMs: seconds >= 0 ? seconds * 1_000 : DEFAULT_RETRY_MS };
}

/** @param {number} waitMs @param {AbortSignal} signal @returns {Promise<void>} */
function pause(waitMs, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException('superseded', 'AbortError'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, waitMs);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
