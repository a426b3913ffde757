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
  /** The reply says how the shard searched; absent: it does not. */
  explain?: boolean;
  /** Another shard went astray, see the reply: matches far from the query are wanted as well. */
  thorough?: boolean;
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

/** How matches were looked for; `exact` is the scan that the caller asked for. */
type PlanKind = 'scan' | 'graph' | 'widened' | 'exact';

/** One step of a search in a shard: one plan over one block of rows, or some categories of it. */
export interface PlanStep {
  /** Folder of a segment, or `tail`. */
  block: string;
  /** The categories searched, or how many where that is many; null: all of the block. */
  categories: string[] | number | null;
  plan: PlanKind;
  /** Rows of the graph or block, dead ones included. */
  rows: number;
  /** Live rows that match, as known before the search. */
  matches: number;
  /** Of a graph: the width that recall asks for, and that of the search, wider for a filter. */
  ef?: number;
  candidates?: number;
  /** What the planner took it to cost; absent in exact mode, which has no choice. */
  estimatedUs?: number;
  /** Rows that a kernel compared. */
  rowsScanned: number;
  /** Candidates scored from their stored vectors. */
  rescored: number;
  tookUs: number;
  /** The graph found too few matches: the next step goes wider, or scans them. */
  gaveUp: boolean;
}

export interface LeafExplanation {
  /** Live rows of the tenant here, and how many of them match. */
  live: number;
  matches: number;
  steps: PlanStep[];
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
  explanation?: LeafExplanation;
  /**
   * The filter led away from the query: few of the rows near it match. Then the hits of other
   * shards, which count for lying far from it, are to be asked for again, thoroughly.
   */
  astray?: boolean;
  /** No graph chose any of the hits: to ask for them thoroughly is for nothing. */
  scanned?: boolean;
  /** The shard would learn from this search: the number under which `Judged` may follow. */
  sample?: number;
}

/**
 * What became of an answer that had a `sample`; nothing is answered. A shard cannot know by itself
 * which of its hits are among the best of all shards.
 */
export interface Judged {
  type: 'judged';
  sample: number;
  /** Score of the last hit that the caller was given; -Infinity when that was every match. */
  floor: number;
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

/** Recall of the searches of one band of selectivity, over all tenants of a shard. */
export interface RecallBand {
  /** Upper end of the band: a share of the tenant's live rows that match. */
  selectivity: number;
  /** Searches repeated exactly since the start, calibration included. */
  repeats: number;
  /** Of the best matches, the share found lately, and its bounds; null before the first repeat. */
  recall: number | null;
  low: number | null;
  high: number | null;
  /** The highest of the tenants'. */
  ef: number;
  /** Some tenant's recall is surely below the target at the highest `ef`. */
  failing: boolean;
}

export interface RecallReport {
  target: number;
  bands: RecallBand[];
}

/** Comparisons of what a shard holds with the store, over all its tenants. */
export interface ReconciliationReport {
  /** Complete comparisons of one tenant since the start. */
  checks: number;
  /** How many of them found a difference, which was then healed. */
  reconciled: number;
  /** All tenants were compared since then (epoch ms); null until each was. */
  checkedAtMs: number | null;
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
  /** Absent where recall is not watched. */
  recall?: RecallReport;
  /** Absent where nothing is compared. */
  reconciliation?: ReconciliationReport;
}

export type FailureCode =
  'overloaded' | 'deadline_exceeded' | 'protocol' | 'unavailable' | 'internal';

/** Instead of a reply. */
export interface Failure {
  type: 'failure';
  code: FailureCode;
  message: string;
}

export type Request =
  Hello | Proof | SearchLeaf | Judged | Cancel | Nudge | AwaitApplied | StatusRequest;
export type Reply = Challenge | Welcome | SearchLeafReply | Applied | StatusReply | Failure;
export type Message = Request | Reply;
