import type { WireFilter } from './wire-filter.js';

/**
 * What query nodes and shards say to each other. Grow it by optional fields; anything else raises
 * `PROTOCOL_VERSION`, and two versions refuse each other at the handshake.
 */
export const PROTOCOL_VERSION = 1;

/** First frame of a connection, from the client. */
export interface Hello {
  type: 'hello';
  protocol: number;
  /** Both sides must serve the same store. */
  storeId: string;
}

interface Welcome {
  type: 'welcome';
  protocol: number;
  shard: string;
}

/** The k best of some partitions of one tenant. */
export interface SearchLeaf {
  type: 'search';
  tenant: string;
  /** Exactly the partitions wanted, see `partition-list.ts`. */
  partitions: string;
  /** Little-endian float32, unit length. */
  vector: Uint8Array;
  /** Fingerprint of the model that made the vector. */
  model: string;
  k: number;
  /** Null: everything matches. */
  filter: WireFilter | null;
  exact: boolean;
  /** Time left when this was sent; the shard drops what it cannot start in time. */
  budgetMs: number;
}

/** Why a shard did not search a partition. */
type RefusalReason = 'wrong_shard' | 'not_ready';

export interface Refusal {
  partition: string;
  reason: RefusalReason;
}

/** Hits as columns, best first: ids, versions and one list a named score. */
interface LeafHits {
  ids: string[];
  versions: number[];
  scores: { vector: number[] };
}

export interface SearchLeafReply {
  type: 'hits';
  hits: LeafHits;
  /** There may be further matches beyond these. */
  more: boolean;
  refused: Refusal[];
  /** The tenant's placement counter as this shard knows it. */
  counter: number;
  /**
   * Where in the tenant's feed this shard was when it searched: all before it is in the hits.
   * Absent when it has read nothing yet, and from a shard that does not tell.
   */
  position?: Uint8Array;
  /** Time inside the shard, queue included. */
  tookMs: number;
}

/** The caller gave up on a request: it need not be started. */
interface Cancel {
  type: 'cancel';
  request: number;
}

/** The writer has committed something of this tenant; nothing is answered. */
interface Nudge {
  type: 'nudge';
  tenant: string;
}

/** Answered once this shard's position covers `mark`, or when the budget is spent. */
export interface AwaitApplied {
  type: 'await';
  tenant: string;
  mark: Uint8Array;
  budgetMs: number;
}

interface Applied {
  type: 'applied';
  applied: boolean;
}

interface StatusRequest {
  type: 'status';
}

export interface StatusReply {
  type: 'status';
  shard: string;
  documents: number;
  /** Vectors and graphs in memory, estimated. */
  bytes: number;
  /** Feed entries not applied yet, over all tenants; exact up to 10,000 a tenant. */
  behind: number;
  /** Every assigned partition can be searched. */
  ready: boolean;
}

export type FailureCode =
  'overloaded' | 'deadline_exceeded' | 'protocol' | 'unavailable' | 'internal';

/** Instead of a reply. */
export interface Failure {
  type: 'failure';
  code: FailureCode;
  message: string;
}

export type Request = Hello | SearchLeaf | Cancel | Nudge | AwaitApplied | StatusRequest;
export type Reply = Welcome | SearchLeafReply | Applied | StatusReply | Failure;
export type Message = Request | Reply;
