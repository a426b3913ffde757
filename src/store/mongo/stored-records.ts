import type { JsonObject } from '../../core/product.js';
import { TENANT_KIND, type RecordStore, type StoredRecord } from '../record-store.js';
import { keyOf, type Collections, type KeptRecord } from './collections.js';
import { isDuplicateKey } from './errors.js';

/** Records, a document each; their values as JSON, since BSON would change some keys. */
export class MongoRecords implements RecordStore {
  constructor(
    private readonly collections: Pick<Collections, 'records'>,
    private readonly run: <T>(action: () => Promise<T>) => Promise<T>,
    private readonly announce: (tenant: string) => Promise<void>,
  ) {}

  async get(kind: string, id: string): Promise<StoredRecord | undefined> {
    const { records } = this.collections;
    const record = await this.run(() => records.findOne({ _id: keyOf(kind, id) }));
    return record === null ? undefined : toRecord(record);
  }

  async list(
    kind: string,
    after: string | undefined,
    limit: number,
    before?: string,
  ): Promise<StoredRecord[]> {
    const { records } = this.collections;
    const filter = filterOf(kind, after, before);
    const find = () => records.find(filter, { sort: ORDER, limit }).toArray();
    return (await this.run(find)).map(toRecord);
  }

  async ids(
    kind: string,
    after: string | undefined,
    limit: number,
    before?: string,
  ): Promise<string[]> {
    const { records } = this.collections;
    const filter = filterOf(kind, after, before);
    const options = { sort: ORDER, limit, projection: { _id: 0, id: 1 } };
    const find = () => records.find<Pick<KeptRecord, 'id'>>(filter, options).toArray();
    return (await this.run(find)).map(({ id }) => id);
  }

  async put(kind: string, id: string, value: JsonObject, revision: number): Promise<boolean> {
    const { records } = this.collections;
    const next = { kind, id, value: JSON.stringify(value), revision: revision + 1 };
    const _id = keyOf(kind, id);
    return this.change(kind, id, async () => {
      if (revision > 0) {
        return (await records.replaceOne({ _id, revision }, next)).matchedCount === 1;
      }
      try {
        await records.insertOne({ _id, ...next });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  async remove(kind: string, id: string, revision: number): Promise<boolean> {
    const { records } = this.collections;
    const _id = keyOf(kind, id);
    return this.change(kind, id, async () => {
      if (revision === 0) return (await records.findOne({ _id })) === null;
      return (await records.deleteOne({ _id, revision })).deletedCount === 1;
    });
  }

  private change(kind: string, id: string, action: () => Promise<boolean>): Promise<boolean> {
    return this.run(async () => {
      const changed = await action();
      if (changed && kind === TENANT_KIND) await this.announce(id);
      return changed;
    });
  }
}

const ORDER = { kind: 1, id: 1 } as const;

function filterOf(kind: string, after: string | undefined, before: string | undefined) {
  const id = {
    ...(after === undefined ? {} : { $gt: after }),
    ...(before === undefined ? {} : { $lt: before }),
  };
  return { kind, ...(Object.keys(id).length === 0 ? {} : { id }) };
}

function toRecord({ id, value, revision }: KeptRecord): StoredRecord {
  return { id, value: JSON.parse(value) as JsonObject, revision };
}
