import { setTimeout as sleep } from 'node:timers/promises';
import type { Imported } from '../../backup/copy-writer.js';
import { BackupProblem } from '../../backup/problem.js';
import type { RestoreSink } from '../../backup/restore-backup.js';
import { OmniSearchError } from '../../client/errors.js';
import type { Transport, Call } from '../../client/transport.js';
import type { Config } from '../../config/settings.js';
import { Deadline } from '../../core/deadline.js';
import { TenantsClient } from '../tenants-client.js';
import { exportHead, operatorsTransport } from './export-client.js';

const NOT_FOUND = 404;
const SETTLE_MS = 600_000;
/** What is asked in one request, so that a server that goes away meanwhile is noticed. */
const SETTLE_SLICE_MS = 20_000;
const PAUSE_MS = 200;
const DROP_MS = 600_000;

/** A server that a backup is restored to. Rejects `OmniSearchError`. */
export class RestoreClient implements RestoreSink {
  private readonly transport: Transport;
  private readonly tenants: TenantsClient;

  /** @param headers sent with each request besides */
  constructor(
    config: Pick<Config, 'url' | 'adminKey'>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.transport = operatorsTransport(config, headers);
    this.tenants = new TenantsClient(config, headers);
  }

  async model(): ReturnType<RestoreSink['model']> {
    return (await exportHead(this.transport)).model;
  }

  async count(tenant: string): Promise<number> {
    return (await this.tenants.find(tenant))?.usage?.products ?? 0;
  }

  async isAlias(name: string): Promise<boolean> {
    const path = `aliases/${encodeURIComponent(name)}`;
    try {
      await this.transport.call({ method: 'GET', path, twice: 'nothing' });
      return true;
    } catch (error) {
      if (error instanceof OmniSearchError && error.status === NOT_FOUND) return false;
      throw error;
    }
  }

  async drop(tenant: string): Promise<void> {
    // It comes back at once, and so do those who have keys.
    await this.tenants.drop(tenant, { keep_keys: true });
    const deadline = Deadline.after(DROP_MS);
    for (;;) {
      const left = await this.tenants.find(tenant);
      // The default tenant is there without a record, too.
      if (left === undefined || left.created_at === null) return;
      if (deadline.expired) throw new BackupProblem(`${tenant} is still being removed: ask again`);
      await sleep(PAUSE_MS);
    }
  }

  async products(tenant: string, model: string, lines: string): Promise<Imported> {
    return (await this.post(
      'admin/import/products',
      { ndjson: lines },
      { tenant, model },
    )) as Imported;
  }

  async records(lines: string, replace: boolean, signal?: AbortSignal): Promise<void> {
    const query = replace ? { replace } : {};
    await this.post('admin/import/records', { ndjson: lines }, query, signal);
  }

  async settle(tenant: string, signal?: AbortSignal): Promise<string[]> {
    const deadline = Deadline.after(SETTLE_MS);
    for (;;) {
      const json = { tenant, timeout_ms: Math.min(SETTLE_SLICE_MS, deadline.remainingMs()) };
      const reply = await this.post('admin/import/settle', { json }, undefined, signal);
      const { lagging } = reply as { lagging: string[] };
      if (lagging.length === 0 || deadline.expired) return lagging;
    }
  }

  private async post(
    path: string,
    body: Call['body'],
    query?: Call['query'],
    signal?: AbortSignal,
  ): Promise<unknown> {
    const call = { method: 'POST', path, body, query, twice: 'nothing' } as const;
    return this.transport.call(call, { signal });
  }
}
