import type { CallOptions, Transport } from './transport.js';
import type { ListOptions } from './wire.js';

/** An import, as far as it is the same for all of them. */
export interface ImportStatus {
  id: string;
  state: 'queued' | 'running' | 'waiting_for_confirmation' | 'done' | 'failed' | 'cancelled';
  prune: boolean;
  dry_run: boolean;
  /** Gone through so far, and in all; null while that is not known. */
  rows: number;
  rows_total: number | null;
  accepted: number;
  unchanged: number;
  stale: number;
  rejected_count: number;
  /** Of a dry run: what it would do. */
  added?: number;
  changed?: number;
  deleted?: number;
  rows_per_s: number | null;
  seconds_left: number | null;
  pruned: number;
  /** What it would delete, or asks to; null before it has looked. */
  to_prune: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  error?: { code: string; message: string; field?: string };
}

/** Feeds that the server writes in the background. */
export class Imports {
  constructor(private readonly transport: Transport) {}

  /** The newest first, one page; with `next_cursor` there are more. */
  async list(
    options: ListOptions & CallOptions = {},
  ): Promise<{ imports: ImportStatus[]; next_cursor?: string }> {
    const { limit, cursor, ...call } = options;
    const query = { limit, cursor };
    const asked = { method: 'GET', path: 'imports', query, twice: 'nothing' } as const;
    return (await this.transport.call(asked, call)) as { imports: ImportStatus[] };
  }

  /** Rejects with status 404 where there is none. */
  async get(id: string, options?: CallOptions): Promise<ImportStatus> {
    const call = { method: 'GET', path: pathOf(id), twice: 'nothing' } as const;
    return (await this.transport.call(call, options)) as ImportStatus;
  }

  /** Has one delete as much as it asked to. Rejects with status 409 where it does not wait for that. */
  confirm(id: string, options?: CallOptions): Promise<ImportStatus> {
    return this.change(id, 'confirm', options);
  }

  /** Ends one where it is; what it wrote stays. */
  cancel(id: string, options?: CallOptions): Promise<ImportStatus> {
    return this.change(id, 'cancel', options);
  }

  /** Has one that failed or was cancelled go on. */
  retry(id: string, options?: CallOptions): Promise<ImportStatus> {
    return this.change(id, 'retry', options);
  }

  private async change(id: string, what: string, options?: CallOptions): Promise<ImportStatus> {
    const call = { method: 'POST', path: `${pathOf(id)}/${what}`, twice: 'harm' } as const;
    return (await this.transport.call(call, options)) as ImportStatus;
  }
}

function pathOf(id: string): string {
  return `imports/${encodeURIComponent(id)}`;
}
