import type { JsonObject } from '../../core/product.js';
import type { WriteNote } from '../copies.js';
import { TENANT_KIND, type RecordStore, type StoredRecord } from '../record-store.js';
import type { Databases } from './databases.js';
import { isLiteral, tenantEnd, tenantKey, textKey, textOf } from './keys.js';
import { logChange } from './record-log.js';
import { announce, readTenant, writeTenant } from './tenant.js';

export function readRecord(db: Databases, kind: string, id: string): StoredRecord | undefined {
  const bytes = db.records.get(textKey(kind, id));
  return bytes === undefined ? undefined : decode(bytes);
}

/** By id, in byte order. */
function rangeOf(
  kind: string,
  after: string | undefined,
  limit: number,
  before: string | undefined,
) {
  const start =
    after === undefined ? tenantKey(kind) : Buffer.concat([textKey(kind, after), Buffer.of(0)]);
  const end = before === undefined ? tenantEnd(kind) : textKey(kind, before);
  return { start, end, limit };
}

/** Of a long one the record tells; one that is damaged has none. */
function idOf(db: Databases, kind: string, key: Buffer): string[] {
  if (isLiteral(kind, key)) return [textOf(kind, key)];
  const bytes = db.records.get(key);
  return bytes === undefined ? [] : [decode(bytes).id];
}

/** Within a write transaction: puts a record whatever its revision. */
export function putRecord(db: Databases, { kind, id, value }: WriteNote): void {
  const key = textKey(kind, id);
  changeRecord(db, kind, id, value, revisionOf(db.records.get(key)));
}

/** Within a write transaction. `value` undefined removes. False when the revision is another. */
function changeRecord(
  db: Databases,
  kind: string,
  id: string,
  value: JsonObject | undefined,
  expectedRevision: number,
): boolean {
  const key = textKey(kind, id);
  if (revisionOf(db.records.get(key)) !== expectedRevision) return false;
  if (value === undefined) db.records.remove(key);
  else {
    const record: StoredRecord = { id, value, revision: expectedRevision + 1 };
    db.records.put(key, Buffer.from(JSON.stringify(record)));
  }
  logChange(db, kind, id);
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
    return this.read((db) => {
      const found = db.records.entries(rangeOf(kind, after, limit, before));
      return Array.from(found, ({ value }) => decode(value));
    });
  }

  async ids(
    kind: string,
    after: string | undefined,
    limit: number,
    before?: string,
  ): Promise<string[]> {
    return this.read((db) => {
      const keys = db.records.keys(rangeOf(kind, after, limit, before));
      return [...keys].flatMap((key) => idOf(db, kind, key));
    });
  }

  async put(kind: string, id: string, value: JsonObject, revision: number): Promise<boolean> {
    return this.change((db) => changeRecord(db, kind, id, value, revision));
  }

  async remove(kind: string, id: string, revision: number): Promise<boolean> {
    return this.change((db) => changeRecord(db, kind, id, undefined, revision));
  }
}

/** 0: it is not there. It stands last, behind a value that may be large: that is not parsed for it. */
function revisionOf(bytes: Buffer | undefined): number {
  if (bytes === undefined) return 0;
  const mark = '"revision":';
  return Number.parseInt(bytes.toString('latin1', bytes.lastIndexOf(mark) + mark.length), 10);
}

function decode(bytes: Buffer): StoredRecord {
  return JSON.parse(bytes.toString()) as StoredRecord;
}
