/** A reply, its JSON already read. */
export interface ApiReply {
  status: number;
  body: unknown;
}

export interface ApiClientOptions {
  url: string;
  tenant: string;
  apiKey: string | undefined;
}

export interface ApiRequest {
  path: string;
  contentType: string;
  body: string;
  /** How long the reply may take. */
  timeoutMs?: number;
}

/** The server could not be reached, or answered with what cannot be helped by asking again. */
export class ApiError extends Error {}

const MAX_ATTEMPTS = 12;
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 10_000;
/** A server that is restarting, or asks for patience. */
const RETRIED_STATUSES = [429, 502, 503, 504];
/** `fetch` by itself waits 300 s for the head of a reply: a longer time would not be kept. */
const REPLY_TIMEOUT_MS = 120_000;

/** OmniSearch over HTTP. Needs nothing but `fetch`, so that it runs in a browser as well. */
export class ApiClient {
  constructor(private readonly options: ApiClientOptions) {}

  /** One request. Rejects `ApiError` when the server cannot be reached. */
  async post(request: ApiRequest): Promise<ApiReply> {
    return (await this.exchange(request)).reply;
  }

  /**
   * The same, again with growing pauses while the server is away or overloaded, honouring its
   * `Retry-After`. Rejects `ApiError` after the last attempt.
   */
  async postPatiently(request: ApiRequest): Promise<ApiReply> {
    for (let attempt = 1; ; attempt++) {
      let askedMs = 0;
      try {
        const { reply, retryAfterMs } = await this.exchange(request);
        if (!RETRIED_STATUSES.includes(reply.status) || attempt === MAX_ATTEMPTS) return reply;
        askedMs = retryAfterMs;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
      }
      const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
      await pause(Math.max(askedMs, backoffMs * (0.5 + Math.random() / 2)));
    }
  }

  private async exchange(request: ApiRequest): Promise<{ reply: ApiReply; retryAfterMs: number }> {
    const { url, tenant, apiKey } = this.options;
    const { path, contentType, body, timeoutMs = REPLY_TIMEOUT_MS } = request;
    try {
      const response = await fetch(new URL(path, withSlash(url)), {
        method: 'POST',
        headers: {
          'content-type': contentType,
          'x-omnisearch-tenant': tenant,
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const reply = { status: response.status, body: parseBody(await response.text()) };
      const retryAfterS = Number(response.headers.get('retry-after'));
      return { reply, retryAfterMs: Math.max(0, retryAfterS) * 1_000 || 0 };
    } catch (error) {
      throw new ApiError(`${url} does not answer: ${reasonOf(error)}`, { cause: error });
    }
  }
}

/** What a reply that is not a success says of itself. */
export function errorMessage(reply: ApiReply): string {
  const { error } = (reply.body ?? {}) as { error?: { code?: string; message?: string } };
  if (error?.message === undefined) return `the server answered with status ${reply.status}`;
  return `${error.message} (${error.code ?? reply.status})`;
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** `fetch failed` says nothing; what it stands for is underneath. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
