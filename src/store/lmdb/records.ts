import type { JsonObject } from '../../core/product.js';
import { TENANT_KIND, type RecordStore, type StoredRecord } from '../record-store.js';
import type { Databases } from './databases.js';
import { tenantEnd, tenantKey, textKey } from './keys.js';
import { announce, readTenant, writeTenant } from './tenant.js';

function readRecord(db: Databases, kind: string, id: string): StoredRecord | undefined {
  const bytes = db.records.get(textKey(kind, id));
  return bytes === undefined ? undefined : decode(bytes);
}

/** By id, in byte order. */
function listRecords(
  db: Databases,
  kind: string,
  after: string | undefined,
  limit: number,
  before: string | undefined,
): StoredRecord[] {
  const start =
    after === undefined ? tenantKey(kind) : Buffer.concat([textKey(kind, after), Buffer.of(0)]);
  const end = before === undefined ? tenantEnd(kind) : textKey(kind, before);
  const range = db.records.entries({ start, end, limit });
  return Array.from(range, ({ value }) => decode(value));
}

/** Within a write transaction. `value` undefined removes. False when the revision is another. */
function changeRecord(
  db: Databases,
  kind: string,
  id: string,
  value: JsonObject | undefined,
  expectedRevision: number,
): boolean {
  const current = readRecord(db, kind, id);
  if ((current?.revision ?? 0) !== expectedRevision) return false;
  const key = textKey(kind, id);
  if (value === undefined) db.records.remove(key);
  else {
    const record: StoredRecord = { id, value, revision: expectedRevision + 1 };
    db.records.put(key, Buffer.from(JSON.stringify(record)));
  }
  if (kind !== TENANT_KIND) return true;
  const state = readTenant(db, id);
  announce(db, id, state);
  writeTenant(db, id, state);
  return true;
}

/** Records over a store's reads and write transactions. */
export class LmdbRecords implements RecordStore {
  constructor(
    private readonly read: <T>(action: (db: Databases) => T) => T,
    private readonly change: <T>(action: (db: Databases) => T) => Promise<T>,
  ) {}

  async get(kind: string, id: string): Promise<StoredRecord | undefined> {
    return this.read((db) => readRecord(db, kind, id));
  }

  async list(
    kind: string,
    after: string | undefined,
    limit: number,
    before?: string,
  ): Promise<StoredRecord[]> {
    return this.read((db) => listRecords(db, kind, after, limit, before));
  }

  async put(kind: string, id: string, value: JsonObject, revision: number): Promise<boolean> {
    return this.change((db) => changeRecord(db, kind, id, value, revision));
  }

  async remove(kind: string, id: string, revision: number): Promise<boolean> {
    return this.change((db) => changeRecord(db, kind, id, undefined, revision));
  }
}

function decode(bytes: Buffer): StoredRecord {
  return JSON.parse(bytes.toString()) as StoredRecord;
}
