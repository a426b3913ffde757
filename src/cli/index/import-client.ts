import { Readable } from 'node:stream';
import type { ImportStatus } from '../../client/imports.js';
import { OmniError, reasonOf } from '../../core/errors.js';

interface Target {
  url: string;
  tenant: string | undefined;
  apiKey: string | undefined;
}

/** Looking again and again outlives a restart of the server. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;
const ANSWER_MS = 60_000;

/** Imports of one tenant over HTTP. */
export class ImportClient {
  private readonly headers: Record<string, string>;

  constructor(private readonly target: Target) {
    const { tenant, apiKey } = target;
    this.headers = {
      ...(tenant === undefined ? {} : { 'x-omnisearch-tenant': tenant }),
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    };
  }

  /** Sends rows as they come; resolves with the import's id. Rejects where the server does not take them, or they break off. */
  async send(rows: AsyncIterable<string>, query: Record<string, string>): Promise<string> {
    const headers = { ...this.headers, 'content-type': 'application/x-ndjson' };
    const body = Readable.toWeb(Readable.from(bytesOf(rows)));
    const asked = new URLSearchParams(query).toString();
    const reply = await this.ask(`/imports?${asked}`, {
      ...{ method: 'POST', headers, body, duplex: 'half' },
    } as unknown as RequestInit);
    return ((await reply.json()) as { id: string }).id;
  }

  /** As it is now; a server that is away is waited for. */
  async get(id: string): Promise<ImportStatus> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        const reply = await this.ask(`/imports/${id}`, {
          ...{ headers: this.headers, signal: AbortSignal.timeout(ANSWER_MS) },
        });
        return (await reply.json()) as ImportStatus;
      } catch (error) {
        const isAway = error instanceof OmniError && error.code === 'unavailable';
        if (!isAway || performance.now() > giveUpAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  async confirm(id: string): Promise<void> {
    await this.ask(`/imports/${id}/confirm`, {
      ...{ method: 'POST', headers: this.headers, signal: AbortSignal.timeout(ANSWER_MS) },
    });
  }

  /** The rows that were rejected, as NDJSON. */
  async rejected(id: string): Promise<ReadableStream<Uint8Array> | null> {
    return (await this.ask(`/imports/${id}/rejected`, { headers: this.headers })).body;
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const { url } = this.target;
    let reply: Response;
    try {
      reply = await fetch(url.replace(/\/$/, '') + path, init);
    } catch (error) {
      const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
      if (cause instanceof OmniError) throw cause;
      throw new OmniError('unavailable', `${url} cannot be reached: ${reasonOf(cause)}`);
    }
    if (reply.ok) return reply;
    const body = (await reply.json().catch(() => ({}))) as { error?: { message?: string } };
    const message = body.error?.message ?? `${url} answered ${reply.status}`;
    throw new OmniError(reply.status >= 500 ? 'unavailable' : 'invalid_field', message);
  }
}

const CHUNK_CHARACTERS = 64 * 1024;

async function* bytesOf(rows: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const row of rows) {
    text += row;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
