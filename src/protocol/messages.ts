import type { LeafQuery } from '../query/leaf-query.js';
import type { HitColumns, LeafExplanation } from '../query/leaf-result.js';
import type { StatusReply } from './status.js';

/**
 * What query nodes and shards say to each other. Grow it by optional fields; anything else raises
 * `PROTOCOL_VERSION`, and two versions refuse each other at the handshake.
 */
export const PROTOCOL_VERSION = 2;

/** First frame of a connection, from the client. */
export interface Hello {
  type: 'hello';
  protocol: number;
  /** Both sides must serve the same store. */
  storeId: string;
  /** Present where the client has a shared secret, see `handshake.ts`. */
  nonce?: Uint8Array;
}

/** The shard has a shared secret: the client must show that it knows it. */
export interface Challenge {
  type: 'challenge';
  nonce: Uint8Array;
}

/** Second frame of a client that was challenged. */
interface Proof {
  type: 'proof';
  proof: Uint8Array;
}

interface Welcome {
  type: 'welcome';
  protocol: number;
  shard: string;
  /** Present after a challenge: the shard knows the secret as well. */
  proof?: Uint8Array;
}

/** One shard's part of a search. */
export interface SearchLeaf {
  type: 'search';
  tenant: string;
  /** Fingerprint of the model that made the query's vector. */
  model: string;
  /** The tenant's placement counter as the caller knows it. */
  counter: number;
  /**
   * Null: all partitions that the placement at `counter` gives this shard. A shard that knows, and
   * can read, only another placement answers `moved`. Otherwise exactly these, see
   * `partition-list.ts`, whatever the counters.
   */
  partitions: string | null;
  /** Only rows of these categories; absent: of all. */
  categories?: readonly string[];
  query: LeafQuery;
  /** The reply says how the shard searched; absent: it does not. */
  explain?: boolean;
  /** Time left when this was sent; past it the shard answers with what it has found. */
  budgetMs: number;
}

/** `wrong_shard`: not here at that epoch. `not_ready`: here, but not all of it yet. */
type RefusalReason = 'wrong_shard' | 'not_ready';

/** A partition that was asked for, by name or by counter, and not searched. */
export interface Refusal {
  partition: string;
  reason: RefusalReason;
}

export interface SearchLeafReply {
  type: 'hits';
  hits: HitColumns;
  /** Live rows that match, in the partitions that were searched. */
  matches: number;
  /** There may be further matches beyond these hits. */
  more: boolean;
  refused: Refusal[];
  /** The tenant's placement counter as this shard knows it. */
  counter: number;
  /**
   * Where in the tenant's feed this shard was when it searched: all before it is in the hits.
   * Absent when it has read nothing yet.
   */
  position?: Uint8Array;
  /** Time inside the shard, queue included. */
  tookMs: number;
  /** The budget ended first: the hits are what was found until then. */
  timedOut: boolean;
  explanation?: LeafExplanation;
}

/** Nothing was searched: ask again, for partitions by name. */
export interface Moved {
  type: 'moved';
  /** The tenant's placement counter as this shard knows it. */
  counter: number;
}

/** The caller gave up on a request: it is not started, or stopped. */
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

export type FailureCode =
  'overloaded' | 'deadline_exceeded' | 'protocol' | 'unavailable' | 'internal';

/** Instead of a reply. */
export interface Failure {
  type: 'failure';
  code: FailureCode;
  message: string;
}

export type Request = Hello | Proof | SearchLeaf | Cancel | Nudge | AwaitApplied | StatusRequest;
export type Reply = Challenge | Welcome | SearchLeafReply | Moved | Applied | StatusReply | Failure;
export type Message = Request | Reply;
