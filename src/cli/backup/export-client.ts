import { pageOf, type BackupSource, type Page } from '../../backup/backup-source.js';
import type { BackupKind } from '../../backup/taken-backups.js';
import type { ExportHead } from '../../backup/export-desk.js';
import { OmniSearchError } from '../../client/errors.js';
import { Transport, type Call } from '../../client/transport.js';
import type { Config } from '../../config/settings.js';
import { PATIENTLY } from '../api-problem.js';

type ServerConfig = Pick<Config, 'url' | 'adminKey'>;

/**
 * Who asks operators' routes of a server, and goes on asking while that restarts.
 *
 * @param headers sent with each request besides
 */
export function operatorsTransport(
  { url, adminKey }: ServerConfig,
  headers: Readonly<Record<string, string>> = {},
): Transport {
  return new Transport({ addresses: [url], apiKey: adminKey, headers, ...PATIENTLY });
}

/** What the server exports from. */
export async function exportHead(transport: Transport): Promise<ExportHead> {
  const call = { method: 'GET', path: 'admin/export', twice: 'nothing' } as const;
  const { model, ...head } = (await transport.call(call)) as Omit<ExportHead, 'model'> & {
    model: ExportHead['model'] | null;
  };
  return { ...head, model: model ?? undefined };
}

/** A server that a backup is taken of. Rejects `OmniSearchError`. */
export class ExportClient implements BackupSource {
  private readonly transport: Transport;

  /** @param headers sent with each request besides */
  constructor(config: ServerConfig, headers: Readonly<Record<string, string>> = {}) {
    this.transport = operatorsTransport(config, headers);
  }

  async head(): Promise<ExportHead> {
    return exportHead(this.transport);
  }

  async products(tenant: string, from: { cursor?: string; since?: string }): Promise<Page> {
    return this.page('admin/export/products', { tenant, ...from });
  }

  async records(
    tenant: string | undefined,
    cursor: string | undefined,
    signal?: AbortSignal,
  ): Promise<Page> {
    return this.page('admin/export/records', { tenant, cursor }, signal);
  }

  /** Tells the server that a backup of all tenants is whole. */
  async taken(kind: BackupKind): Promise<void> {
    const path = 'admin/export/taken';
    await this.transport.call({ method: 'POST', path, body: { json: { kind } }, twice: 'nothing' });
  }

  private async page(path: string, query: Call['query'], signal?: AbortSignal): Promise<Page> {
    const reads = { isWhole: (text: string) => pageOf(text) !== undefined };
    const call = { method: 'GET', path, query, reads, twice: 'nothing' } as const;
    const text = (await this.transport.call(call, { signal })) as string;
    const page = pageOf(text);
    if (page === undefined) throw new OmniSearchError(502, 'the answer broke off');
    return page;
  }
}
