import type { Binary, Collection, Db, IndexDescription } from 'mongodb';
import type { TenantPlacement } from '../store.js';

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
  /** Of a tombstone: where the product is kept, and then no `deletedAt`. */
  archive?: string;
  /** The product as JSON text: BSON would change some keys and strings. Absent in tombstones. */
  product?: string;
  /** Filter names of the product's fields: what a later write takes from the counts. */
  fields?: string[];
  model?: string;
  /** What the product's JSON and vectors take; 0 of a tombstone. */
  bytes: number;
  vectorBytes: number;
  /** Little-endian float32, by name. */
  vectors?: { text: Binary };
  /** What price lists say of it, packed; absent: nothing. */
  prices?: Binary;
  /** Version of the latest write that was more than a change of `prices`; absent: of this one. */
  contentVersion?: number;
  /** Number of the import whose write that was; absent: it was no import's. */
  imported?: number;
}

/** A range of sequence numbers whose writes have not all ended. */
export interface OpenRange {
  id: string;
  /** Its numbers are the `count` above this one. */
  after: number;
  count: number;
  /** Changes while its owner is at work on it. */
  beat: number;
  /** How long it stays open when it does not. */
  holdMs: number;
  /** Ids of the partitions that its writes named. */
  partitions: string[];
  /** Products that its writes may add at most, where those are bounded: room that nobody else may take. */
  reserved?: number;
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
  /** Their JSON and vectors. */
  bytes: number;
  /** Absent before the first. */
  placement?: TenantPlacement;
  /** Something may have been written without being counted. */
  miscounted?: true;
  /** Reserved by writers that died: so many products at most may be there uncounted, until the recount. */
  uncounted?: number;
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

/** A record of some kind; `_id` is kind, `/`, id. */
export interface KeptRecord {
  _id: string;
  kind: string;
  id: string;
  /** JSON. */
  value: string;
  revision: number;
}

/** Where a shard is; `_id` is its name. */
export interface ShardRecord {
  _id: string;
  address: string;
  registeredAtMs: number;
}

/** A chunk of bytes that some work goes through; `_id` is tenant, `/`, and its key in the tenant. */
interface SpoolRecord {
  _id: string;
  bytes: Binary;
}

/** What concerns the whole store, a document by name; see `meta.ts`. */
/** A process that uses the store while it shares its connections with others. */
export interface ClientRecord {
  _id: string;
  /** Its latest beat, by the server's clock. */
  at: Date;
}

interface MetaRecord {
  _id: string;
  [field: string]: unknown;
}

export interface Collections {
  products: Collection<ProductRecord>;
  tenants: Collection<TenantRecord>;
  counts: Collection<CountRecord>;
  records: Collection<KeptRecord>;
  shards: Collection<ShardRecord>;
  spool: Collection<SpoolRecord>;
  clients: Collection<ClientRecord>;
  meta: Collection<MetaRecord>;
}

export function collectionsOf(db: Db): Collections {
  return {
    products: db.collection('products'),
    tenants: db.collection('tenants'),
    counts: db.collection('counts'),
    records: db.collection('records'),
    shards: db.collection('shards'),
    spool: db.collection('spool'),
    clients: db.collection('clients'),
    meta: db.collection('meta'),
  };
}

/** The indexes beside `_id` that queries need. */
export const INDEXES: Readonly<Record<keyof Collections, readonly IndexDescription[]>> = {
  products: [
    // Holds all that the feed tells, so that followers need not read products they do not want.
    { name: 'feed', key: { tenant: 1, version: 1, id: 1, category: 1, deleted: 1, bytes: 1 } },
    { name: 'tombstones', key: { deletedAt: 1 }, sparse: true },
  ],
  tenants: [
    { name: 'open', key: { 'open.id': 1 }, sparse: true },
    { name: 'miscounted', key: { miscounted: 1 }, sparse: true },
  ],
  counts: [{ name: 'kind', key: { tenant: 1, kind: 1 } }],
  records: [{ name: 'kind', key: { kind: 1, id: 1 } }],
  shards: [],
  spool: [],
  clients: [],
  meta: [],
};

/** `_id` of what a tenant has under a name. */
export function keyOf(tenant: string, name: string): string {
  return `${tenant}/${name}`;
}
