import { digest } from '../core/ids.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import type { RecordStore } from '../store/record-store.js';
import { tenantRecordId, tenantRecords } from '../store/tenant-records.js';

const ENTRY_KIND = 'audit entry';
const COUNTER_KIND = 'audit';
const COUNTER_ID = 'counter';
const NUMBER_DIGITS = 12;
/** Entries of a tenant that are kept; with each new one the oldest goes. */
const KEPT_ENTRIES = 10_000;
/** Larger bodies are named by their digest. */
const MAX_BODY_BYTES = 4_096;
const MAX_ATTEMPTS = 20;

/** A change that somebody made; `before` and `after` undefined: it was not there, or is not any more. */
interface Change {
  /** Name of a key; null: none was needed. */
  by: string | null;
  /** `rule`, `synonym`, `settings`, `alias`. */
  kind: string;
  /** What of that kind. */
  target: string;
  before: JsonObject | undefined;
  after: JsonObject | undefined;
}

/** An entry on the wire; larger bodies are `{"digest", "bytes"}`. */
export interface AuditEntry {
  id: string;
  /** RFC 3339. */
  at: string;
  by: string | null;
  kind: string;
  target: string;
  before: JsonValue;
  after: JsonValue;
}

/**
 * Who changed what of a tenant, in the order in which it was begun. An entry is there before its change: one
 * whose writer died in between may never have been made.
 */
export class AuditLog {
  constructor(private readonly records: RecordStore) {}

  async note(tenant: string, change: Change): Promise<void> {
    const number = await this.nextNumber(tenant);
    const { by, kind, target, before, after } = change;
    const at = new Date().toISOString();
    const entry = { at, by, kind, target, before: bodyOf(before), after: bodyOf(after) };
    await this.records.put(ENTRY_KIND, entryId(tenant, number), entry, 0);
    if (number <= KEPT_ENTRIES) return;
    await this.records.remove(ENTRY_KIND, entryId(tenant, number - KEPT_ENTRIES), 1);
  }

  /** The oldest entries after the one with the id `after`. */
  async list(tenant: string, after: string | undefined, limit: number): Promise<AuditEntry[]> {
    const found = await tenantRecords(this.records, ENTRY_KIND, tenant, after, limit);
    return found.map(({ id, value }) => ({ id, ...(value as unknown as Omit<AuditEntry, 'id'>) }));
  }

  /** The counter's revision: nothing else of it matters. */
  private async nextNumber(tenant: string): Promise<number> {
    const id = tenantRecordId(tenant, COUNTER_ID);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const stored = await this.records.get(COUNTER_KIND, id);
      const last = stored?.revision ?? 0;
      if (await this.records.put(COUNTER_KIND, id, {}, last)) return last + 1;
    }
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', 'the audit kept changing', details);
  }
}

function entryId(tenant: string, number: number): string {
  return tenantRecordId(tenant, String(number).padStart(NUMBER_DIGITS, '0'));
}

function bodyOf(body: JsonObject | undefined): JsonValue {
  if (body === undefined) return null;
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  return bytes <= MAX_BODY_BYTES ? body : { digest: digest(text), bytes };
}
