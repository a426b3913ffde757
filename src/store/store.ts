import type { ModelIdentity, NamedVectors, Product } from '../core/product.js';

/**
 * The store is the only truth: products with their vectors, tombstones, placement, the change feed.
 * Every implementation passes `test/store/contract.ts`. All methods may reject with `OmniError`
 * `unavailable`; none waits longer than the implementation's own deadline.
 */

/** An opaque place in a tenant's feed. Compare only through `covers`. */
export type Position = Uint8Array;

/** An opaque receipt of a write: everything up to and including it. Compare only through `covers`. */
export type WriteMark = Uint8Array;

/**
 * A product's or tombstone's latest state change. Each id appears once in a tenant's feed, at its
 * latest position. The partition it belongs to is a function of `category`, `hashId(id)` and the
 * placement, so that a split rewrites no entries.
 */
export interface FeedEntry {
  id: string;
  /** Grows with every write of this id, also across delete and re-create. */
  version: number;
  category: string;
  deleted: boolean;
}

export interface FeedPage {
  entries: FeedEntry[];
  /** Where to read on; covers every entry of this page. */
  position: Position;
  /** No entry followed when the page was read. */
  atEnd: boolean;
  /** The asked position is older than purged tombstones: drop everything and read from the start. */
  expired: boolean;
}

/** What the join needs: the document as sent, without its vectors. */
export interface StoredDocument {
  version: number;
  product: Product;
}

/** What a shard needs of a live product. */
export interface StoredRow extends StoredDocument {
  vectors: NamedVectors;
  /** Fingerprint of the model of `vectors`. */
  model: string;
}

/** What ingest needs to know whether there is anything to do. */
export interface StoredHead {
  version: number;
  /** The feed's own `version`, where the product or the delete carried one. */
  feedVersion: number | undefined;
  /** True for a tombstone; the hashes are empty then. */
  deleted: boolean;
  contentHash: string;
  embedHash: string;
}

export interface PutProduct {
  op: 'put';
  id: string;
  product: Product;
  /** The feed's own version: a put below the stored one is `stale`. */
  feedVersion: number | undefined;
  /** Hash of all that was sent. Equal content and equal `embedHash`: `unchanged`. */
  contentHash: string;
  /** Hash of what determined the vectors (model and text, or the supplied vector). */
  embedHash: string;
  model: string;
  /** `keep`: the stored vectors serve; a `conflict` when their `embedHash` is not this one. */
  vectors: NamedVectors | 'keep';
  /** Applied only to this stored version, otherwise `conflict`. 0 demands that nothing is stored. */
  ifVersion?: number;
}

export interface DeleteProduct {
  op: 'delete';
  id: string;
  feedVersion: number | undefined;
  ifVersion?: number;
}

export type ProductWrite = PutProduct | DeleteProduct;

/** `missing`: a delete of what is not there. `conflict`: nothing was done, read and try again. */
export type WriteStatus = 'applied' | 'unchanged' | 'stale' | 'missing' | 'conflict';

export interface WriteResult {
  /** One status a write, in order. */
  statuses: WriteStatus[];
  /** Covers all of these writes, and what `unchanged` and `stale` ones found. */
  mark: WriteMark;
}

/** The unit of placement: one tenant's category, cut to a range of `hashId`. */
export interface Partition {
  /** Made of category and range by `placement/partition.ts`. */
  id: string;
  category: string;
  /** Range [from, to) of `hashId`, within [0, 2^32]. */
  from: number;
  to: number;
  /** Name of the shard that holds it. */
  shard: string;
  /** Grows by one with every change of this document. */
  epoch: number;
}

export interface TenantPlacement {
  /** Grows with every change to any partition of the tenant. */
  counter: number;
  partitions: Partition[];
}

/** Where a shard process can be reached, as it said of itself. */
export interface ShardRegistration {
  shard: string;
  /** As query nodes connect to it. */
  address: string;
  /** Epoch ms. */
  registeredAtMs: number;
}

/** The shards of a cluster, for stores that more than one machine can reach. */
export interface ShardDirectory {
  /** From now on `shard` is at `address`. */
  register(shard: string, address: string): Promise<void>;
  list(): Promise<ShardRegistration[]>;
}

export interface CategoryCount {
  category: string;
  products: number;
}

/** The half that shard processes use as well. */
export interface StoreReader {
  /** Random, made with the store: a snapshot of another store is recognised by it. */
  readonly storeId: string;
  /** The model of the stored vectors; undefined before the first `setModel`. */
  model(): Promise<ModelIdentity | undefined>;

  /** How many documents one call should ask for, so that reading them holds up nobody else. */
  readonly documentsAtOnce: number;

  /**
   * Documents by id, in the order asked; undefined where deleted or never there. With `atLeast`, the
   * versions that the caller knows of, a store that was told to may answer from a replica that lags
   * behind by a stated bound, and never with less than these; without, it answers with the latest.
   */
  documents(
    tenant: string,
    ids: readonly string[],
    atLeast?: readonly number[],
  ): Promise<(StoredDocument | undefined)[]>;
  /** Documents with vectors, in the order asked. */
  rows(tenant: string, ids: readonly string[]): Promise<(StoredRow | undefined)[]>;
  heads(tenant: string, ids: readonly string[]): Promise<(StoredHead | undefined)[]>;

  /** The feed after `after` (undefined: from the start), at most `limit` entries. */
  readFeed(tenant: string, after: Position | undefined, limit: number): Promise<FeedPage>;
  /** Covers everything that is written by now: what a follower that begins has to catch up with. */
  head(tenant: string): Promise<WriteMark>;
  /** Whether a follower at `position` has seen everything behind `mark`. */
  covers(position: Position | undefined, mark: WriteMark): boolean;
  /** How many entries follow `position`, exact up to `limit`. */
  behind(tenant: string, position: Position | undefined, limit: number): Promise<number>;

  tenants(): Promise<string[]>;
  /** Grows with every placement change of any tenant: cheap to poll. */
  placementCounter(): Promise<number>;
  placement(tenant: string): Promise<TenantPlacement>;

  /** Live categories with their product counts. */
  categories(tenant: string): Promise<CategoryCount[]>;
  /** Live products over all tenants. */
  productCount(): Promise<number>;
  /** Which of `fields` (filter names, `attributes.` included) at least one live product has. */
  knownFields(tenant: string, fields: readonly string[]): Promise<boolean[]>;

  /** Absent where only this machine can reach the store: addresses are settings then. */
  readonly directory?: ShardDirectory;

  /** Calls `onChange` with a tenant soon after it was written; absent where only polling can tell. */
  watch?(onChange: (tenant: string) => void): StoreWatch;
  /** What an operator should know of its state, in a line. */
  detail?(): string | undefined;

  close(): Promise<void>;
}

/** Ends a `watch`. */
export interface StoreWatch {
  close(): Promise<void>;
}

export interface Store extends StoreReader {
  setModel(model: ModelIdentity): Promise<void>;
  /**
   * Applies `writes` in order; LMDB in one transaction, MongoDB each id by itself. Resolves only when
   * every one is durable: it survives power loss.
   */
  write(tenant: string, writes: readonly ProductWrite[]): Promise<WriteResult>;
  /** Creates the partitions that are not there yet; others are left as they are. */
  createPartitions(tenant: string, partitions: readonly Partition[]): Promise<TenantPlacement>;
  /** Compare-and-set: replaces partition `id` if its epoch is `expectedEpoch`. */
  updatePartition(tenant: string, next: Partition, expectedEpoch: number): Promise<boolean>;
  /** Removes tombstones written before `beforeMs` (epoch ms); followers older than them rebuild. */
  purgeTombstones(beforeMs: number): Promise<number>;
}
