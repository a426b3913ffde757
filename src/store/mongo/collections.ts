import type { Binary, Collection, Db, IndexDescription } from 'mongodb';
import type { Partition } from '../store.js';

/** A product or its tombstone. `_id` is tenant, `/`, id: tenants hold no `/`. */
export interface ProductRecord {
  _id: string;
  tenant: string;
  id: string;
  /** The tenant's sequence number of the write: version and place in the feed in one. */
  version: number;
  category: string;
  deleted: boolean;
  feedVersion?: number;
  contentHash: string;
  embedHash: string;
  /** A tombstone's time, epoch ms. */
  deletedAt?: number;
  /** The product as JSON text: BSON would change some keys and strings. Absent in tombstones. */
  product?: string;
  /** Filter names of the product's fields: what a later write takes from the counts. */
  fields?: string[];
  model?: string;
  /** Little-endian float32, by name. */
  vectors?: { text: Binary };
}

/** A range of sequence numbers whose writes have not all ended. */
export interface OpenRange {
  id: string;
  /** All its numbers are above this one. */
  after: number;
  /** How long after it was taken one of its writes may still land. */
  holdMs: number;
}

/** A tenant's counters, and the ranges of its sequence that are being written. */
export interface TenantRecord {
  _id: string;
  sequence: number;
  open: OpenRange[];
  /** The highest version of a purged tombstone. */
  horizon: number;
  /** Live products. */
  products: number;
}

/** How many live products have a category, or each of some fields. */
export interface CountRecord {
  _id: string;
  tenant: string;
  kind: 'category' | 'fields';
  /** Of a category. */
  name?: string;
  count?: number;
  /** Of fields: hash of the name to count; what no product has any more stays at 0. */
  fields?: Record<string, number>;
}

export interface PartitionRecord extends Omit<Partition, 'id'> {
  _id: string;
  tenant: string;
  id: string;
}

/** Where a shard is; `_id` is its name. */
export interface ShardRecord {
  _id: string;
  address: string;
  registeredAtMs: number;
}

/** What concerns the whole store, a document by name; see `meta.ts`. */
interface MetaRecord {
  _id: string;
  [field: string]: unknown;
}

export interface Collections {
  products: Collection<ProductRecord>;
  tenants: Collection<TenantRecord>;
  counts: Collection<CountRecord>;
  partitions: Collection<PartitionRecord>;
  shards: Collection<ShardRecord>;
  meta: Collection<MetaRecord>;
}

export function collectionsOf(db: Db): Collections {
  return {
    products: db.collection('products'),
    tenants: db.collection('tenants'),
    counts: db.collection('counts'),
    partitions: db.collection('partitions'),
    shards: db.collection('shards'),
    meta: db.collection('meta'),
  };
}

/** The indexes beside `_id` that queries need. */
export const INDEXES: Readonly<Record<keyof Collections, readonly IndexDescription[]>> = {
  products: [
    // Holds all that the feed tells, so that followers need not read products they do not want.
    { name: 'feed', key: { tenant: 1, version: 1, id: 1, category: 1, deleted: 1 } },
    { name: 'tombstones', key: { deletedAt: 1 }, sparse: true },
  ],
  tenants: [{ name: 'open', key: { 'open.id': 1 }, sparse: true }],
  counts: [{ name: 'kind', key: { tenant: 1, kind: 1 } }],
  partitions: [{ name: 'tenant', key: { tenant: 1 } }],
  shards: [],
  meta: [],
};

/** The record whose sequence counts changes of placement; no tenant has such a name. */
export const PLACEMENT = '/placement';

/** `_id` of what a tenant has under a name. */
export function keyOf(tenant: string, name: string): string {
  return `${tenant}/${name}`;
}
