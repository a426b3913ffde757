import { compareBytes } from '../../src/core/ids.js';
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

  async list(
    kind: string,
    after?: string,
    limit = Infinity,
    before?: string,
  ): Promise<StoredRecord[]> {
    this.reads += 1;
    return [...this.records]
      .flatMap(([key, record]) => (key.startsWith(`${kind}/`) ? [record] : []))
      .filter(({ id }) => after === undefined || compareBytes(id, after) > 0)
      .filter(({ id }) => before === undefined || compareBytes(id, before) < 0)
      .sort((a, b) => compareBytes(a.id, b.id))
      .slice(0, limit);
  }

  async ids(kind: string, after?: string, limit?: number, before?: string): Promise<string[]> {
    return (await this.list(kind, after, limit, before)).map(({ id }) => id);
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
