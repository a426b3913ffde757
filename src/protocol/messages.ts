import type { LeafQuery } from '../query/leaf-query.js';
import type { LeafExplanation } from '../query/leaf-result.js';
import type { Chosen, LeafViewResult } from '../query/result-set.js';
import type { StatusReply } from './status.js';

/**
 * What query nodes and shards say to each other, and shards among themselves. It grows by optional fields; anything else raises
 * `PROTOCOL_VERSION`. Two sides speak the newest version that both know (`commonProtocol`), so that nodes are
 * upgraded one after the other; the version before the newest is still spoken.
 */
export const PROTOCOL_VERSION = 7;
/** Who speaks less is refused at the handshake. */
export const OLDEST_PROTOCOL = 5;

/** First frame of a connection, from the client. */
export interface Hello {
  type: 'hello';
  /** The oldest version that the client speaks. */
  protocol: number;
  /** The newest; absent: that one alone. */
  newest?: number;
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
  /** Version that is spoken from here on. */
  protocol: number;
  shard: string;
  /** Present after a challenge: the shard knows the secret as well. */
  proof?: Uint8Array;
}

/** Which of a tenant's partitions a request is about. */
export interface AskedPartitions {
  /** The tenant's placement counter as the caller knows it. */
  counter: number;
  /**
   * All partitions that the placement at `counter` gives to the group of nodes with this key (`groupOf`). A
   * shard that knows, and can read, only another placement answers `moved`.
   */
  group: string;
  /** Not null: exactly these, see `partition-list.ts`, whatever the counters. */
  partitions: string | null;
  /** The tenant's share of the shard beside others'; absent: 1. */
  weight?: number;
  /** W3C's `traceparent` of who asks, where that is traced. */
  trace?: string;
}

/** One shard's part of a search. */
export interface SearchLeaf extends AskedPartitions {
  type: 'search';
  tenant: string;
  /** Fingerprint of the model that made the query's vector. */
  model: string;
  /** Only rows of these categories; absent: of all. */
  categories?: readonly string[];
  /** No other shard has any of what is searched; absent: others are asked, too, or it is not known. */
  alone?: boolean;
  query: LeafQuery;
  /** `WordCounts.searcher` of this shard: searched as it was counted. Gone or unknown: as it is now. */
  pinned?: string;
  /** That searcher is kept on, for a further search that names it. */
  holds?: boolean;
  /** The reply says how the shard searched; absent: it does not. */
  explain?: boolean;
  /** The same, without what its hits matched by: for a log. */
  plan?: boolean;
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
  refused: Refusal[];
  /** The tenant's placement counter as this shard knows it. */
  counter: number;
  /** Time inside the shard, queue included. */
  tookMs: number;
  /** The budget ended first: the views are of what was found until then. */
  timedOut: boolean;
  explanation?: LeafExplanation;
  /** Where the query has `choose`. */
  chosen?: Chosen;
  /** One a view of the query. */
  views: LeafViewResult[];
  /** In which state the rows were: another text after any change, the same on all replicas. Absent: it is not told. */
  rows?: string;
  /** The shard would be told, by `Reach`, how far the best hits of all shards reach. */
  sampled?: number;
}

/** Of a search that the shard sampled: nothing is answered. */
interface Reach {
  type: 'reach';
  sample: number;
  /** Of the last of the first `RECALL_AT` hits, or far below all where there are fewer. */
  score: number;
}

/** Recall is that of the first so many hits. */
export const RECALL_AT = 10;

/**
 * First phase of a search by words: how common the words are among all live rows of these partitions,
 * whatever a filter says.
 */
export interface CountWords extends AskedPartitions {
  type: 'words';
  tenant: string;
  /** Fingerprint of the model of the rows. */
  model: string;
  /** Version of the analyzer that made the words, and generation of the settings that it did so under. */
  analyzer: number;
  generation: number;
  /** Words as the analyzer made them; an exact key too. */
  words: readonly string[];
  /** Words whose near spellings are wanted; absent: of none. */
  near?: readonly string[];
  /** The commonest words that begin so are wanted, itself among them. */
  prefix?: string;
  /** As if only the rows that match were there: see `LeafQuery`. */
  within?: NonNullable<LeafQuery['within']>;
  /** How many titles have the first directly before the second. */
  pairs?: readonly (readonly [string, string])[];
  /** Keep what was counted for a search that names it in `pinned`. */
  pin?: boolean;
  budgetMs: number;
}

/** A word of the catalogue that is spelt nearly so. */
export interface NearWord {
  word: string;
  /** Edits (Damerau). */
  distance: number;
  df: number;
}

/** Counts of one shard; a query node adds those of all. */
export interface WordCounts {
  type: 'word-counts';
  /** Live rows of these partitions. */
  live: number;
  /** Live rows that have each word of `words`. */
  df: number[];
  /** A list each word of `near`, nearest first, then commonest. */
  near: NearWord[][];
  /** Commonest first. */
  prefixed: { word: string; df: number }[];
  /** A number each pair of `pairs`. */
  adjacent: number[];
  /** What was counted is kept under this name until the budget of the request is over. */
  searcher?: string;
  /** All that belongs here was here to be counted. */
  ready: boolean;
  /** Some of it does not belong here, at that epoch. */
  hasMoved?: true;
  /** The tenant's placement counter as this shard knows it. */
  counter: number;
  /** The budget ended first: what was not counted is 0. */
  timedOut: boolean;
  /** Time inside the shard, queue included. */
  tookMs: number;
  /** As `SearchLeafReply` has it. */
  rows?: string;
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
  /** These have to be complete here as well, see `partition-list.ts`; absent: those that serve. */
  partitions?: string;
  /** Of the text settings: only the index of this generation counts. Absent: all that can be searched. */
  generation?: number;
  budgetMs: number;
}

interface Applied {
  type: 'applied';
  applied: boolean;
}

interface StatusRequest {
  type: 'status';
}

/** A shard that builds a copy wants what is sealed here of a tenant: answered by `FilesOffered`. */
export interface OfferFiles {
  type: 'offer';
  tenant: string;
  /** Of the text settings whose words the files are to have. */
  generation: number;
}

/** The files that the manifest names stay until `EndTransfer`, or until nobody has read them for a while. */
export interface FilesOffered {
  type: 'offered';
  /** How `ReadFile` names this offer. */
  transfer: string;
  /** As it lies on the disk, JSON. */
  manifest: string;
}

/** A range of an offered file: answered by `FileRange`, no sooner than the shard's bound of bytes a second allows. */
export interface ReadFile {
  type: 'read';
  transfer: string;
  /** Below the tenant's folder. */
  file: string;
  from: number;
  /** At most `MAX_RANGE_BYTES`, and within the file. */
  bytes: number;
}

interface FileRange {
  type: 'range';
  bytes: Uint8Array;
}

/** Of a `ReadFile`. */
export const MAX_RANGE_BYTES = 512 * 1024;

/** Nothing more is read of an offer; nothing is answered. */
interface EndTransfer {
  type: 'end-transfer';
  transfer: string;
}

export type FailureCode =
  'overloaded' | 'deadline_exceeded' | 'protocol' | 'unavailable' | 'internal';

/** Instead of a reply. */
export interface Failure {
  type: 'failure';
  code: FailureCode;
  message: string;
}

/** What one shard asks another. */
type PeerRequest = OfferFiles | ReadFile | EndTransfer;
export type Request =
  | Hello
  | Proof
  | SearchLeaf
  | CountWords
  | Cancel
  | Nudge
  | Reach
  | AwaitApplied
  | StatusRequest
  | PeerRequest;
export type Reply =
  | Challenge
  | Welcome
  | SearchLeafReply
  | WordCounts
  | Moved
  | Applied
  | StatusReply
  | FilesOffered
  | FileRange
  | Failure;
export type Message = Request | Reply;

/** The version from which on a shard knows such a request: one that speaks less is not sent it. */
export function spokenSince({ type }: Request): number {
  return type === 'offer' || type === 'read' || type === 'end-transfer' ? 7 : OLDEST_PROTOCOL;
}
