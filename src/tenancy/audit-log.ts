import { createHash } from 'node:crypto';
import { digest } from '../core/ids.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordStore, StoredRecord } from '../store/record-store.js';
import { tenantRecordId, tenantRecords } from '../store/tenant-records.js';

const ENTRY_KIND = 'audit entry';
const LAST_KIND = 'audit';
const LAST_ID = 'counter';
const NUMBER_DIGITS = 12;
const KEPT_MS = 365 * 86_400_000;
/** With every so many new entries those that are older than that go, so many at most. */
const PRUNE_EVERY = 16;
const PRUNED_AT_ONCE = 64;
/** Larger bodies are named by their digest. */
const MAX_BODY_BYTES = 4_096;
const MAX_ATTEMPTS = 20;

/** A change that somebody made; `before` and `after` undefined: it was not there, or is not any more. */
interface Change {
  /** Name of a key; null: none was needed. */
  by: string | null;
  /** `rule`, `synonym`, `settings`, `alias`, `placement`, `key`. */
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
  /** The hash of the entry before; null: of the first. Entries of before there were hashes have neither. */
  previous?: string | null;
  /** SHA-256, hex, of this entry as JSON without its hash. */
  hash?: string;
}

/** The last entry of a tenant. Its number is the record's revision. */
interface Last {
  entry?: AuditEntry;
}

/**
 * Who changed what of a tenant, in the order in which it was begun, for a year. An entry is there before its change: one
 * whose writer died in between may never have been made. Each has the hash of the one before in it, so that none can be
 * changed, added or left out afterwards without all that follow.
 *
 * ```
 *   read the last ──> store it as an entry, if its writer died before ──> the new one in its place, by compare-and-set
 *                                                                     ──> store that as an entry
 * ```
 */
export class AuditLog {
  constructor(
    private readonly records: RecordStore,
    /** Epoch milliseconds. */
    private readonly now: () => number = () => Date.now(),
  ) {}

  async note(tenant: string, change: Change): Promise<void> {
    const entry = await this.append(tenant, change);
    await this.keep(tenant, entry);
    if (Number(entry.id) % PRUNE_EVERY === 0) await this.prune(tenant);
  }

  /** The oldest entries after the one with the id `after`. */
  async list(tenant: string, after: string | undefined, limit: number): Promise<AuditEntry[]> {
    const { entry } = valueOf(await this.last(tenant));
    if (entry !== undefined) await this.keepMissing(tenant, entry);
    const found = await tenantRecords(this.records, ENTRY_KIND, tenant, after, limit);
    return found.map(({ id, value }) => ({ id, ...(value as unknown as Omit<AuditEntry, 'id'>) }));
  }

  private async append(tenant: string, change: Change): Promise<AuditEntry> {
    const id = lastId(tenant);
    const last = { kind: LAST_KIND, id, what: 'the audit', attempts: MAX_ATTEMPTS };
    const { after } = await changeRecord(this.records, last, async (stored) => {
      const { entry: previous } = valueOf(stored);
      if (previous !== undefined) await this.keepMissing(tenant, previous);
      const at = new Date(this.now()).toISOString();
      const entry = entryOf((stored?.revision ?? 0) + 1, at, change, previous?.hash ?? null);
      return { entry } as unknown as JsonObject;
    });
    return (after as unknown as { entry: AuditEntry }).entry;
  }

  private last(tenant: string): Promise<StoredRecord | undefined> {
    return this.records.get(LAST_KIND, lastId(tenant));
  }

  /** One whose writer died before it had. */
  private async keepMissing(tenant: string, entry: AuditEntry): Promise<void> {
    const stored = await this.records.get(ENTRY_KIND, tenantRecordId(tenant, entry.id));
    if (stored === undefined) await this.keep(tenant, entry);
  }

  /** Nothing is done where it is there. */
  private async keep(tenant: string, { id, ...entry }: AuditEntry): Promise<void> {
    const recordId = tenantRecordId(tenant, id);
    await this.records.put(ENTRY_KIND, recordId, entry, 0);
  }

  private async prune(tenant: string): Promise<void> {
    const until = new Date(this.now() - KEPT_MS).toISOString();
    const { records } = this;
    const oldest = await tenantRecords(records, ENTRY_KIND, tenant, undefined, PRUNED_AT_ONCE);
    for (const { id, value, revision } of oldest) {
      if ((value['at'] as string) >= until) return;
      await this.records.remove(ENTRY_KIND, tenantRecordId(tenant, id), revision);
    }
  }
}

function entryOf(
  number: number,
  at: string,
  { by, kind, target, before, after }: Change,
  previous: string | null,
): AuditEntry {
  const id = String(number).padStart(NUMBER_DIGITS, '0');
  const bodies = { before: bodyOf(before), after: bodyOf(after) };
  const entry = { id, at, by, kind, target, ...bodies, previous };
  return { ...entry, hash: createHash('sha256').update(JSON.stringify(entry)).digest('hex') };
}

function valueOf(last: StoredRecord | undefined): Last {
  return last?.value ?? {};
}

function lastId(tenant: string): string {
  return tenantRecordId(tenant, LAST_ID);
}

function bodyOf(body: JsonObject | undefined): JsonValue {
  if (body === undefined) return null;
  // As it will be read again: members that are undefined are none.
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BODY_BYTES) return { digest: digest(text), bytes };
  return JSON.parse(text) as JsonObject;
}
