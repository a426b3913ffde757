import { Pool, errors } from 'undici';
import { TIMEOUT, type Reply } from '../load/tally.js';

/** Requests give up after this; the product's own default deadline is 1 s. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface JsonReply {
  status: number;
  /** The parsed body; its text when it is not JSON. */
  body: unknown;
}

/** The one HTTP client for every engine, so that its cost is the same for all. */
export class JsonClient {
  private readonly pool: Pool;

  /**
   * `tenant` undefined: the default one. `isOfMany`: a connection of its own for each request, as of shoppers who know
   * nothing of each other; kept ones stay with the process that they were opened to.
   */
  constructor(
    url: string,
    timeoutMs = REQUEST_TIMEOUT_MS,
    connections = 512,
    private readonly tenant?: string,
    isOfMany = false,
  ) {
    const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    // Undici's word for no request on a connection after another.
    this.pool = new Pool(url, { connections, ...timeouts, ...(isOfMany && { pipelining: 0 }) });
  }

  get(path: string): Promise<JsonReply> {
    return this.request('GET', path);
  }

  /** `body` is sent as it is when it is text or bytes, as JSON otherwise. */
  async request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    contentType = 'application/json',
    timeoutMs?: number,
  ): Promise<JsonReply> {
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const response = await this.pool.request({
      method,
      path,
      headers: {
        ...(body === undefined ? {} : { 'content-type': contentType }),
        ...(this.tenant === undefined ? {} : { 'x-omnisearch-tenant': this.tenant }),
      },
      body: raw ? (body ?? null) : JSON.stringify(body),
      ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: parse(text) };
  }

  post(path: string, body: unknown): Promise<JsonReply> {
    return this.request('POST', path, body);
  }

  /** As {@link request}, but throws unless the status is 2xx. */
  async expect(...request: Parameters<JsonClient['request']>): Promise<unknown> {
    const { status, body } = await this.request(...request);
    if (status >= 200 && status < 300) return body;
    throw new Error(
      `${request[0]} ${request[1]}: ${String(status)} ${JSON.stringify(body).slice(0, 400)}`,
    );
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** Turns a thrown client error into a failed reply, named by its kind. */
export function failureOf(error: unknown): Reply {
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return { failure: TIMEOUT };
  }
  if (error instanceof Error && 'code' in error) return { failure: String(error.code) };
  return { failure: error instanceof Error ? error.name : 'unknown' };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
