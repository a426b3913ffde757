import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** A reply, its JSON already read. */
export interface ApiReply {
  status: number;
  body: unknown;
}

export interface ApiClientOptions {
  url: string;
  tenant: string;
  apiKey: string | undefined;
  /** Connections at most. */
  connections: number;
}

/** The server could not be reached, or answered with what cannot be helped by asking again. */
export class ApiError extends Error {}

const MAX_ATTEMPTS = 12;
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 10_000;
/** A server that is restarting, or asks for patience. */
const RETRIED_STATUSES = [429, 502, 503, 504];
const REPLY_TIMEOUT_MS = 120_000;

/** OmniSearch over HTTP, for the commands. */
export class ApiClient {
  private readonly agent: Agent;

  constructor(private readonly options: ApiClientOptions) {
    this.agent = new Agent({ connections: options.connections, bodyTimeout: REPLY_TIMEOUT_MS });
  }

  /** One request. Rejects `ApiError` when the server cannot be reached. */
  async post(
    path: string,
    contentType: string,
    body: string,
    replyTimeoutMs = REPLY_TIMEOUT_MS,
  ): Promise<ApiReply> {
    return (await this.exchange(path, contentType, body, replyTimeoutMs)).reply;
  }

  /**
   * The same, again with growing pauses while the server is away or overloaded, honouring its
   * `Retry-After`. Rejects `ApiError` after the last attempt.
   */
  async postPatiently(
    path: string,
    contentType: string,
    body: string,
    replyTimeoutMs = REPLY_TIMEOUT_MS,
  ): Promise<ApiReply> {
    for (let attempt = 1; ; attempt++) {
      let askedMs = 0;
      try {
        const { reply, retryAfterMs } = await this.exchange(
          path,
          contentType,
          body,
          replyTimeoutMs,
        );
        if (!RETRIED_STATUSES.includes(reply.status) || attempt === MAX_ATTEMPTS) return reply;
        askedMs = retryAfterMs;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
      }
      const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
      await sleep(Math.max(askedMs, backoffMs * (0.5 + Math.random() / 2)));
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async exchange(
    path: string,
    contentType: string,
    body: string,
    replyTimeoutMs: number,
  ): Promise<{ reply: ApiReply; retryAfterMs: number }> {
    const { url, tenant, apiKey } = this.options;
    try {
      const response = await request(new URL(path, withSlash(url)), {
        method: 'POST',
        headers: {
          'content-type': contentType,
          'x-omnisearch-tenant': tenant,
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body,
        headersTimeout: replyTimeoutMs,
        dispatcher: this.agent,
      });
      const text = await response.body.text();
      const reply = { status: response.statusCode, body: parseBody(text) };
      return {
        reply,
        retryAfterMs: Math.max(0, Number(response.headers['retry-after'])) * 1_000 || 0,
      };
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

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
