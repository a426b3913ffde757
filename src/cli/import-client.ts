import { setTimeout as sleep } from 'node:timers/promises';
import { Imports, type ImportStatus } from '../client/imports.js';
import { Transport } from '../client/transport.js';
import type { Config } from '../config/settings.js';
import { DAY_MS } from '../core/days.js';
import { OmniError, reasonOf } from '../core/errors.js';
import { PATIENTLY } from './api-problem.js';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 2_000;
const OVER: ReadonlySet<string> = new Set([
  ...['waiting_for_confirmation', 'done', 'failed', 'cancelled'],
]);

/** Statuses that are of the feed: it would be refused again, whoever sends it and when. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 415]);

export type ImportTarget = Pick<Config, 'url' | 'tenant' | 'apiKey'>;

interface FeedOptions {
  /** At least its content type. */
  headers: Record<string, string>;
  query: Readonly<Record<string, boolean>>;
  signal: AbortSignal;
}

/** Imports of one tenant. Rejects `OmniSearchError`, `OmniError`, or the signal's reason. */
export class ImportClient {
  private readonly transport: Transport;
  private readonly imports: Imports;

  constructor(private readonly target: ImportTarget) {
    const { url, tenant, apiKey } = target;
    this.transport = new Transport({ addresses: [url], tenant, apiKey, ...PATIENTLY });
    this.imports = new Imports(this.transport);
  }

  /** Has the server read a feed elsewhere; resolves with the import's id. Asked twice, the second finds nothing changed. */
  async startUrl(
    json: { url: string; prune: boolean; map?: Record<string, string> },
    signal: AbortSignal,
  ): Promise<string> {
    const call = { method: 'POST', path: 'imports', body: { json }, twice: 'nothing' } as const;
    return ((await this.transport.call(call, { signal })) as { id: string }).id;
  }

  /**
   * Sends a feed as it comes; resolves with the import's id. Rejects with an `OmniError` of the feed, or `invalid_field`,
   * where another attempt would not do, else `unavailable`.
   */
  async startFeed(
    feed: AsyncIterable<Uint8Array>,
    { headers, query, signal }: FeedOptions,
  ): Promise<string> {
    const asked = Object.entries(query).filter(([, isSet]) => isSet);
    const params = new URLSearchParams(asked.map(([name]) => [name, 'true']));
    const path = asked.length === 0 ? 'imports' : `imports?${params.toString()}`;
    const response = await this.fetch(path, {
      ...{ method: 'POST', headers, duplex: 'half', signal },
      // What Node streams a browser's type does not know of.
      body: feed as unknown as ReadableStream,
    });
    return ((await response.json()) as { id: string }).id;
  }

  /** Waits until an import has ended, or wants to be confirmed; a day at most. `onLook` is told what it is until then. */
  async ended(
    id: string,
    signal?: AbortSignal,
    onLook: (status: ImportStatus) => void = () => undefined,
  ): Promise<ImportStatus> {
    const giveUpAt = performance.now() + DAY_MS;
    for (let pauseMs = FIRST_PAUSE_MS; performance.now() < giveUpAt;) {
      const found = await this.imports.get(id, { signal });
      if (OVER.has(found.state)) return found;
      onLook(found);
      await sleep(pauseMs, undefined, { signal });
      pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs);
    }
    throw new OmniError('deadline_exceeded', `import ${id} has not ended within a day`);
  }

  async confirm(id: string): Promise<void> {
    await this.imports.confirm(id);
  }

  /** The rows that were rejected, as NDJSON. */
  async rejected(id: string): Promise<ReadableStream<Uint8Array> | null> {
    return (await this.fetch(`imports/${encodeURIComponent(id)}/rejected`, {})).body;
  }

  /** What comes and goes as a stream: once, and without a bound of its own. */
  private async fetch(path: string, init: RequestInit): Promise<Response> {
    const { url, tenant, apiKey } = this.target;
    const headers = new Headers(init.headers);
    if (tenant !== undefined) headers.set('x-omnisearch-tenant', tenant);
    if (apiKey !== undefined) headers.set('authorization', `Bearer ${apiKey}`);
    let response: Response;
    try {
      response = await fetch(new URL(path, url.endsWith('/') ? url : `${url}/`), {
        ...init,
        headers,
      });
    } catch (error) {
      const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
      if (cause instanceof OmniError) throw cause;
      throw new OmniError('unavailable', `${url} cannot be reached: ${reasonOf(cause)}`);
    }
    if (response.ok) return response;
    const reply = (await response.json().catch(() => ({}))) as { error?: { message?: string } };
    const message = reply.error?.message ?? `${url} answered ${response.status}`;
    throw new OmniError(REFUSED.has(response.status) ? 'invalid_field' : 'unavailable', message);
  }
}
