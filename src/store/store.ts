import type { PackedPrices, PriceEntry } from '../core/price-entries.js';
import type { ModelIdentity, NamedVectors, Product } from '../core/product.js';
import type { DamagedValue } from '../core/shard-status.js';
import type { CopiedState, RecordLog, WriteNote } from './copies.js';
import type { RecordReader, RecordStore } from './record-store.js';
import type { ShardDirectory } from './shard-directory.js';
import type { StoreConnections, StoreServers } from './store-connections.js';
import type { StoreReplicas } from './store-replicas.js';
import type { Spool } from './spool.js';

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
  /** What its row takes in the store, JSON and vectors; 0 of a tombstone. */
  bytes: number;
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

/** What the join needs: the document as sent, without its vectors; see `StoredText`. */
export interface StoredDocument {
  readonly version: number;
  /** The product as JSON in UTF-8, as it is stored: no parsing behind it. */
  readonly json: Buffer;
  /** Parsed when it is read first. */
  readonly product: Product;
}

/** What a shard needs of a live product. */
export interface StoredRow extends StoredDocument {
  readonly vectors: NamedVectors;
  /** Fingerprint of the model of `vectors`. */
  readonly model: string;
  /** What price lists say of it, as of the same version. */
  readonly prices: PackedPrices;
}

/** What price lists say of a live product. */
export interface StoredPrices {
  version: number;
  /** Of the latest write that was more than a change of these: document and vectors are the same since. */
  contentVersion: number;
  prices: PackedPrices;
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
  /** Of the latest write that was more than a change of what price lists say. */
  contentVersion: number;
  /** Number of the import whose write that was; undefined: it was no import's. */
  imported: number | undefined;
  /** Of a tombstone: where the product is kept outside of the store, until it is written again or deleted. */
  archive?: string | undefined;
}

/**
 * What an import sees: its tenant as it was at `asOf`, and all imports up to its own `number`. What anybody else wrote
 * since is neither replaced nor deleted by it: such a write is `stale`, unless its `feedVersion` is higher.
 */
export interface ImportSight {
  /** Imports of a tenant are numbered in their order, from 1. */
  number: number;
  asOf: WriteMark;
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
  /**
   * Where the writer believes that it belongs. Applied only while the placement holds that partition
   * at that epoch, otherwise `conflict`: no write lands in a partition that went meanwhile.
   */
  partition?: PartitionRef | undefined;
  /**
   * Applied, where it would be one product more, only while the tenant has fewer than so many: otherwise
   * `full`. However many write at once, there are never more.
   */
  maxProducts?: number;
  /** Of an import's write. */
  imported?: ImportSight | undefined;
  /** What a backup has: written whatever `feedVersion` is stored, and with its own. */
  isCopy?: true;
  /** Of a copy that follows another store; LMDB alone. */
  as?: CopiedState;
}

export interface PartitionRef {
  id: string;
  epoch: number;
}

export interface DeleteProduct {
  op: 'delete';
  id: string;
  feedVersion: number | undefined;
  ifVersion?: number;
  /** Of an import's write. */
  imported?: ImportSight | undefined;
  /** As of a put. */
  isCopy?: true;
  /**
   * The product is kept there, and this is no end of it: the tombstone stays until the id is written or deleted, and so
   * does what price lists say. Without `isCopy` of a live product alone.
   */
  archive?: string;
  as?: Pick<CopiedState, 'version'>;
}

/** What a price list says of a product: it gets a new version, document and vectors stay as they are. */
export interface PriceWrite {
  op: 'price';
  id: string;
  /** The number of the list. */
  list: number;
  /** Undefined: nothing any more. */
  entry: PriceEntry | undefined;
}

/** A write that is more than a change of prices. */
export type ContentWrite = PutProduct | DeleteProduct;

export type ProductWrite = ContentWrite | PriceWrite;

/**
 * `missing`: a delete, or a price, of what is not there. `conflict`: nothing was done, read and try again. `full`:
 * nothing was done, the tenant has as many products as it may.
 */
export type WriteStatus = 'applied' | 'unchanged' | 'stale' | 'missing' | 'conflict' | 'full';

export interface WriteResult {
  /** One status a write, in order. */
  statuses: WriteStatus[];
  /** Covers all of these writes, and what `unchanged` and `stale` ones found. */
  mark: WriteMark;
}

/** The unit of placement: some of a tenant's categories, cut to a range of `hashId`. */
export interface Partition {
  /** Made of categories and range by `placement/partition.ts`. */
  id: string;
  /** `rest`: all categories that no other partition of the tenant names. */
  categories: readonly string[] | 'rest';
  /** Range [from, to) of `hashId`, within [0, 2^32]. */
  from: number;
  to: number;
  /** On at least one node, on each once. */
  replicas: readonly Replica[];
  /** An operator has chosen its nodes, or its shape: nothing else moves, cuts or joins it. */
  isPinned?: true;
  /** Halved so that it fits where it lies, however small it is: growth does not join it again. */
  isApart?: true;
  /** Grows with every change of categories or range, not of replicas: what a write relies on. */
  epoch: number;
}

/** Built, then serving once it has caught up with the store; leaving where others take its place. */
export type ReplicaState = 'building' | 'serving' | 'leaving';

/** On a node, which is a shard process. */
export interface Replica {
  node: string;
  state: ReplicaState;
  /** Placed before any product of it was written: the node need not look back. */
  isFirst?: true;
  /** The placement's counter when it was put there later: what tells it from one that was there before. */
  since?: number;
  /** What it was made of by a cut or a merge on this node, by `replicaKey`: with these it is complete at once. */
  madeOf?: readonly string[];
  /** Of one that is leaving: nothing is asked of it any more. Not all know that yet, so a write waits for it still. */
  isUnasked?: true;
  /**
   * It was asked, and is not any more: the placement's counter since a write does not wait for it either. Gone once
   * it has caught up.
   */
  lateSince?: number;
}

/** All partitions of a tenant: one document, replaced as a whole. */
export interface TenantPlacement {
  /** Grows by one with every change; 0 before the first. */
  counter: number;
  partitions: readonly Partition[];
}

export interface ChangedTenants {
  /** Each once, in the order of their latest changes. */
  tenants: string[];
  /** Where to ask on. */
  position: Position;
  /** None followed. */
  atEnd: boolean;
}

export interface TenantUsage {
  /** Live products. */
  products: number;
  /** Of live products, each once. */
  categories: number;
  /** Names by which they can be filtered. */
  fields: number;
  /** Documents and vectors, as stored. */
  bytes: number;
}

/** A count that was wrong, as `recount` found it. */
export interface CountDifference {
  kind: 'category' | 'field' | 'usage';
  name: string;
  stored: number;
  counted: number;
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
  /** What price lists say, in the order asked; undefined where deleted or never there. */
  prices(tenant: string, ids: readonly string[]): Promise<(StoredPrices | undefined)[]>;

  /**
   * The feed after `after` (undefined: from the start): at most `limit` entries, and, but for the
   * first, no more than have `maxBytes` between them.
   */
  readFeed(
    tenant: string,
    after: Position | undefined,
    limit: number,
    maxBytes?: number,
  ): Promise<FeedPage>;
  /** Covers everything that is written by now: what a follower that begins has to catch up with. */
  head(tenant: string): Promise<WriteMark>;
  /** Whether a follower at `position` has seen everything behind `mark`. */
  covers(position: Position | undefined, mark: WriteMark): boolean;
  /** How many entries follow `position`, exact up to `limit`. */
  behind(tenant: string, position: Position | undefined, limit: number): Promise<number>;

  /** Those that have products, tombstones or a placement, in byte order, after `after`. */
  tenants(after?: string, limit?: number): Promise<string[]>;
  /**
   * At most `limit` tenants whose feed, placement or record of kind `tenant` changed after `after`
   * (undefined: all that have anything). One cheap read when nothing did. A tenant may be named once
   * more than it changed, never once less.
   */
  changedTenants(after: Position | undefined, limit: number): Promise<ChangedTenants>;
  placement(tenant: string): Promise<TenantPlacement>;
  readonly records: RecordReader;
  /** Live categories with their product counts. */
  categories(tenant: string): Promise<CategoryCount[]>;
  usage(tenant: string): Promise<TenantUsage>;
  /** Live products over all tenants. */
  productCount(): Promise<number>;
  /** Which of `fields` (filter names, `attributes.` included) at least one live product has. */
  knownFields(tenant: string, fields: readonly string[]): Promise<boolean[]>;

  /** Absent where only this machine can reach the store: addresses are settings then. */
  readonly directory?: ShardDirectory;
  /** Calls `onChange` with a tenant soon after it was written; absent where only polling can tell. */
  watch?(onChange: (tenant: string) => void): StoreWatch;
  /** Absent where there are none. */
  connections?(): StoreConnections;
  /** Absent where there are none. */
  readonly replicas?: StoreReplicas;
  /** Absent where there are none. */
  servers?(): StoreServers;
  /** What an operator should know of its state, in a line. */
  detail?(): string | undefined;
  /**
   * Undefined while it can be used; else why not, in a line. Of a store for writing: whether a write
   * would succeed now.
   */
  healthy(): Promise<string | undefined>;
  /** Once its files were looked through from end to end: what is wrong with them, in a line. */
  checked?(): Promise<string | undefined>;
  /** Damaged values that were met and are left out of all answers; at most 1,000 are named. */
  damaged(): DamagedValue[];
  /** Reads since it was opened: what many tenants cost at rest. */
  readonly reads: number;

  close(): Promise<void>;
}

export interface StoreWatch {
  close(): Promise<void>;
}

export interface Store extends StoreReader {
  readonly records: RecordStore;
  /** Absent where no other store can follow this one. */
  readonly recordLog?: RecordLog;
  readonly spool: Spool;
  /** How many writes one call should bring, so that applying them holds up nobody else. */
  readonly writesAtOnce: number;
  setModel(model: ModelIdentity): Promise<void>;
  /**
   * Applies `writes` in order; LMDB in one transaction, MongoDB each id by itself. Resolves only when
   * every one is durable: it survives power loss. `note` goes with them; of LMDB alone.
   */
  write(tenant: string, writes: readonly ProductWrite[], note?: WriteNote): Promise<WriteResult>;
  /**
   * Compare-and-set of the whole placement: false, and nothing done, when its counter is not
   * `expectedCounter`, or when a category that has products would be in no partition any more.
   */
  replacePlacement(
    tenant: string,
    partitions: readonly Partition[],
    expectedCounter: number,
  ): Promise<boolean>;
  /** Removes tombstones written before `beforeMs` (epoch ms); followers older than them rebuild. */
  purgeTombstones(beforeMs: number): Promise<number>;
  /**
   * Removes at most `limit` of the tenant's products and tombstones, its placement first; true when
   * nothing is left. Its numbers go on if it ever comes again. Records are left to their owners.
   */
  dropTenant(tenant: string, limit: number): Promise<boolean>;
  /** Tenants whose counts may be wrong, because a writer died between products and counts. */
  miscounted(): Promise<string[]>;
  /** Counts what the tenant has anew, puts right what was counted wrongly, and tells it. */
  recount(tenant: string): Promise<CountDifference[]>;
}
