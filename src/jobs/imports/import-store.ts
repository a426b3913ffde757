import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import type { RecordStore } from '../../store/record-store.js';
import type { Spool, SpoolName } from '../../store/spool.js';
import { tenantRecordId, tenantRecords } from '../../store/tenant-records.js';
import { toImport, toJson, type ImportRecord } from './import-record.js';

/** The kind of the records that are imports. */
const IMPORT_KIND = 'import';
const ATTEMPTS = 20;
const REMOVED_AT_ONCE = 50;
/** What imports have in the spool: rows to write, ids that were seen, rows that were rejected. */
const PARTS = ['rows', 'seen', 'rejected'] as const;

export type SpoolPart = (typeof PARTS)[number];

export interface StoredImport {
  id: string;
  record: ImportRecord;
  revision: number;
}

/** Where an import has its rows, the ids it saw, or what it rejected. */
export function spoolOf(tenant: string, id: string, part: SpoolPart): SpoolName {
  return { tenant, name: `${id}.${part}` };
}

/** The import that a spool is of. */
export function importOf({ name }: Pick<SpoolName, 'name'>): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** Before all names of spools. */
const FIRST_NAME = '-';
const LISTED_AT_ONCE = 100;

/** Removes all that a tenant has in the spool. */
export async function removeSpools(
  spool: Spool,
  tenant: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const found = await spool.list({ tenant, name: FIRST_NAME }, LISTED_AT_ONCE);
    const own = found.filter((one) => one.tenant === tenant);
    if (own.length === 0) return;
    for (const at of own) {
      do signal.throwIfAborted();
      while (!(await spool.remove(at, REMOVED_AT_ONCE)));
    }
  }
}

/** Imports as they are stored. */
export class ImportStore {
  constructor(
    readonly records: RecordStore,
    readonly spool: Spool,
  ) {}

  async find(tenant: string, id: string): Promise<StoredImport | undefined> {
    const stored = await this.records.get(IMPORT_KIND, tenantRecordId(tenant, id));
    return stored && { id, record: toImport(stored.value), revision: stored.revision };
  }

  /** Rejects `not_found`. */
  async get(tenant: string, id: string): Promise<StoredImport> {
    const found = await this.find(tenant, id);
    if (found !== undefined) return found;
    throw new OmniError('not_found', `there is no import ${id}`, { field: 'id' });
  }

  async list(tenant: string, after: string | undefined, limit: number): Promise<StoredImport[]> {
    const found = await tenantRecords(this.records, IMPORT_KIND, tenant, after, limit);
    return found.map(({ id, value, revision }) => ({ id, record: toImport(value), revision }));
  }

  /** False where another has changed it since that revision; 0 makes it. */
  async put(tenant: string, { id, record, revision }: StoredImport): Promise<boolean> {
    return this.records.put(IMPORT_KIND, tenantRecordId(tenant, id), toJson(record), revision);
  }

  /** `next` returns undefined where nothing is to be changed. Rejects `not_found`. */
  async change(
    tenant: string,
    id: string,
    next: (record: ImportRecord) => ImportRecord | undefined,
  ): Promise<ImportRecord> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { record, revision } = await this.get(tenant, id);
      const after = next(record);
      if (after === undefined) return record;
      if (await this.put(tenant, { id, record: after, revision })) return after;
    }
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', 'the import kept changing', details);
  }

  /** What it has in the spool first: a record alone costs little. */
  async remove(tenant: string, { id, revision }: StoredImport): Promise<void> {
    await this.empty(tenant, id);
    await this.records.remove(IMPORT_KIND, tenantRecordId(tenant, id), revision);
  }

  /** Removes what an import has in the spool. */
  async empty(tenant: string, id: string, parts: readonly SpoolPart[] = PARTS): Promise<void> {
    for (const part of parts) {
      while (!(await this.spool.remove(spoolOf(tenant, id, part), REMOVED_AT_ONCE)));
    }
  }
}
