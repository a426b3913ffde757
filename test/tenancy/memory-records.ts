import type { JsonObject } from '../../src/core/product.js';
import type { RecordStore, StoredRecord } from '../../src/store/record-store.js';

/** Records in memory, and how often they were read. */
export class MemoryRecords implements RecordStore {
  reads = 0;
  private readonly records = new Map<string, StoredRecord>();

  async get(kind: string, id: string): Promise<StoredRecord | undefined> {
    this.reads += 1;
    return this.records.get(`${kind}/${id}`);
  }

  async list(kind: string): Promise<StoredRecord[]> {
    return [...this.records].flatMap(([key, record]) =>
      key.startsWith(`${kind}/`) ? [record] : [],
    );
  }

  async put(kind: string, id: string, value: JsonObject, revision: number): Promise<boolean> {
    const key = `${kind}/${id}`;
    if ((this.records.get(key)?.revision ?? 0) !== revision) return false;
    this.records.set(key, { id, value, revision: revision + 1 });
    return true;
  }

  async remove(kind: string, id: string, revision: number): Promise<boolean> {
    if (this.records.get(`${kind}/${id}`)?.revision !== revision) return false;
    return this.records.delete(`${kind}/${id}`);
  }
}
