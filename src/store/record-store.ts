import type { JsonObject } from '../core/product.js';

/** A small document that is changed by compare-and-set: a tenant, a job. */
export interface StoredRecord {
  id: string;
  value: JsonObject;
  /** From 1, grows by one with every change; a record that is made again begins anew. */
  revision: number;
}

/** Records of all kinds, as a process that only reads sees them. */
export interface RecordReader {
  get(kind: string, id: string): Promise<StoredRecord | undefined>;
  /** Those of a kind after `after` and before `before`, by id in byte order. */
  list(
    kind: string,
    after: string | undefined,
    limit: number,
    before?: string,
  ): Promise<StoredRecord[]>;
  /** Ids of the same, without a look at what they have. */
  ids(kind: string, after: string | undefined, limit: number, before?: string): Promise<string[]>;
}

/** Every change names the revision that it was made from: false, and nothing done, if there is another. */
export interface RecordStore extends RecordReader {
  /** `expectedRevision` 0 creates. */
  put(kind: string, id: string, value: JsonObject, expectedRevision: number): Promise<boolean>;
  remove(kind: string, id: string, expectedRevision: number): Promise<boolean>;
}

/** The kind whose ids are tenants: a change of one is a change of its tenant. */
export const TENANT_KIND = 'tenant';
