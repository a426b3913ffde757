import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportStatus } from '../../client/imports.js';
import { Transport } from '../../client/transport.js';
import type { Config } from '../../config/settings.js';
import { DAY_MS } from '../../core/days.js';
import { OmniError } from '../../core/errors.js';
import { PATIENTLY } from '../api-problem.js';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;
/** A file goes into the spool of the server, at the pace of its disk. */
const UPLOAD_LIMIT_MS = 3_600_000;
const OVER: ReadonlySet<string> = new Set([
  ...['waiting_for_confirmation', 'done', 'failed', 'cancelled'],
]);

/** Statuses that are of the file: it would be refused again, whoever sends it and when. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 415]);

export type ImportClientConfig = Pick<Config, 'url' | 'tenant' | 'apiKey' | 'map' | 'prune'>;

/** The routes of `/imports`. Rejects `OmniSearchError`, `unavailable`, or the signal's reason. */
export class ImportClient {
  private readonly transport: Transport;

  constructor(private readonly config: ImportClientConfig) {
    const { url, tenant, apiKey } = config;
    this.transport = new Transport({ addresses: [url], tenant, apiKey, ...PATIENTLY });
  }

  /** Has the server read `source`; resolves with the import's id. Asked twice, the second finds nothing changed. */
  async startUrl(source: string, signal: AbortSignal): Promise<string> {
    const { map, prune } = this.config;
    const columns = map.length === 0 ? {} : { map: Object.fromEntries(map) };
    const body = { json: { url: source, prune, ...columns } };
    const call = { method: 'POST', path: 'imports', body, twice: 'nothing' } as const;
    return ((await this.transport.call(call, { signal })) as { id: string }).id;
  }

  /** Sends a file as it is; resolves with the import's id. Rejects `invalid_field` where another attempt would not do. */
  async startFile(
    path: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<string> {
    const { url, tenant, apiKey, prune } = this.config;
    const target = new URL('imports', url.endsWith('/') ? url : `${url}/`);
    if (prune) target.searchParams.set('prune', 'true');
    const all = new Headers(headers);
    if (tenant !== undefined) all.set('x-omnisearch-tenant', tenant);
    if (apiKey !== undefined) all.set('authorization', `Bearer ${apiKey}`);
    const response = await fetch(target, {
      ...{ method: 'POST', headers: all, duplex: 'half' },
      // What Node streams a browser's type does not know of.
      body: createReadStream(path) as unknown as ReadableStream,
      signal: AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_LIMIT_MS)]),
    });
    const reply = (await response.json()) as { id?: string; error?: { message?: string } };
    if (response.ok && reply.id !== undefined) return reply.id;
    const reason = reply.error?.message ?? `status ${String(response.status)}`;
    const code = REFUSED.has(response.status) ? 'invalid_field' : 'unavailable';
    throw new OmniError(code, `${path} was not taken: ${reason}`);
  }

  /** Waits until an import has ended, or wants to be confirmed; a day at most. */
  async ended(id: string, signal: AbortSignal): Promise<ImportStatus> {
    const giveUpAt = performance.now() + DAY_MS;
    for (let pauseMs = FIRST_PAUSE_MS; performance.now() < giveUpAt;) {
      const path = `imports/${encodeURIComponent(id)}`;
      const call = { method: 'GET', path, twice: 'nothing' } as const;
      const found = (await this.transport.call(call, { signal })) as ImportStatus;
      if (OVER.has(found.state)) return found;
      await sleep(pauseMs, undefined, { signal });
      pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs);
    }
    throw new OmniError('deadline_exceeded', `import ${id} has not ended within a day`);
  }
}
