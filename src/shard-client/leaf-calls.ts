import type { CancelSignal } from '../core/cancellation.js';
import type { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { inSpan, type Span } from '../core/span.js';
import type {
  CountWords,
  Moved,
  Refusal,
  Reply,
  Request,
  SearchLeaf,
  SearchLeafReply,
  WordCounts,
} from '../protocol/messages.js';
import { encodePartitions, type PartitionRef } from '../protocol/partition-list.js';
import type { ReplicaCall } from './replicas/replica-call.js';

/** What one node keeps of an earlier round: no other one knows it. */
export interface Pinned {
  node: string;
  /** `WordCounts.searcher`. */
  searcher: string;
}

/** Which nodes may be asked. */
export interface AskedReplicas {
  /** Names of those that hold the same rows; at least one. */
  nodes: readonly string[];
  /** 32 bits; requests with the same go to the same node, as far as it is not busy. */
  stickyKey?: number | undefined;
}

/** One group's part of a search, as `SearchLeaf` has it. */
export interface LeafSearch extends Omit<
  SearchLeaf,
  'type' | 'partitions' | 'pinned' | 'budgetMs' | 'weight' | 'trace'
> {
  /** Null: all of the group. */
  partitions: readonly PartitionRef[] | null;
  /** Asked of that node where it can be. */
  pinned?: Pinned;
}

/** As `CountWords` has it. */
export interface WordsAsked extends Omit<CountWords, 'type' | 'partitions' | 'weight' | 'trace'> {
  partitions: readonly PartitionRef[] | null;
}

/** A search that a node sampled, by its number there. */
export interface Sampled {
  node: string;
  sample: number;
}

export type LeafAnswer = SearchLeafReply | Moved;

/** Sends a request to a node; rejects `OmniError`. */
export type Send = (
  node: string,
  message: Request,
  deadline: Deadline,
  signal?: CancelSignal,
) => Promise<Reply>;

/** On whose behalf a shard is asked. */
export interface Asker {
  /** Aborted: nobody waits for the answer any more. */
  signal?: CancelSignal | undefined;
  /** Each shard that is asked is a part of it, where what is asked for is traced. */
  span?: Span | undefined;
}

/** What may be asked on behalf of a trace. */
type TracedRequest = SearchLeaf | CountWords;

/** As `send`, where the shard's own spans become parts of one that is a part of `span`. */
export function sentIn(span: Span | undefined, send: Send): Send {
  if (span === undefined) return send;
  return (node, message, deadline, signal) => {
    const asked = span.child(`shard ${message.type}`, 'client', { 'omnisearch.shard': node });
    const traced = { ...(message as TracedRequest), trace: asked.traceparent };
    return inSpan(asked, () => send(node, traced, deadline, signal));
  };
}

/** Of the time that a caller has, the part that the shard may use: the rest is the answer's way. */
const SHARD_SHARE = 0.9;

/** A search as any of the replicas can answer it. */
export function searchCall(
  { nodes, stickyKey }: AskedReplicas,
  leaf: LeafSearch,
  weight: number,
  send: Send,
): ReplicaCall<LeafAnswer> {
  const { pinned, partitions: refs, ...rest } = leaf;
  const partitions = refs && encodePartitions(refs);
  const share = shareOf(weight);
  return {
    ...{ nodes, stickyKey, kind: kindOf(leaf), prefer: pinned?.node },
    isWhole: (answer) => answer.type === 'moved' || !answer.refused.some(isNotReady),
    isBetter: (later, earlier) => refusedBy(later) < refusedBy(earlier),
    ask: async (node, until, stop) => {
      const budgetMs = until.remainingMs() * SHARD_SHARE;
      const own = pinned?.node === node ? { pinned: pinned.searcher } : {};
      const request: SearchLeaf = {
        ...{ type: 'search', ...rest, ...own, ...share, partitions, budgetMs },
      };
      const reply = await send(node, request, until, stop);
      return reply.type === 'moved' ? reply : expectReply(reply, 'hits');
    },
  };
}

/** The first phase of a search by words as any of the replicas can answer it. */
export function wordsCall(
  { nodes, stickyKey }: AskedReplicas,
  asked: WordsAsked,
  weight: number,
  send: Send,
): ReplicaCall<WordCounts | Moved> {
  const partitions = asked.partitions && encodePartitions(asked.partitions);
  const request: CountWords = { type: 'words', ...asked, ...shareOf(weight), partitions };
  return {
    ...{ nodes, stickyKey, kind: 'words' },
    isWhole: (answer) => answer.type === 'moved' || answer.ready,
    ask: async (node, until, stop) => {
      const reply = await send(node, request, until, stop);
      return reply.type === 'moved' ? reply : expectReply(reply, 'word-counts');
    },
  };
}

/** Most have the same. */
function shareOf(weight: number): { weight?: number } {
  return weight === 1 ? {} : { weight };
}

/** Requests of one kind take about the same time. */
function kindOf({ query }: LeafSearch): string {
  if (query.exact) return 'exact';
  return query.choose === undefined ? 'search' : 'choose';
}

function isNotReady({ reason }: Refusal): boolean {
  return reason === 'not_ready';
}

function refusedBy(answer: LeafAnswer): number {
  return answer.type === 'moved' ? 0 : answer.refused.length;
}

/** Throws what a shard says instead of the reply that was asked for. */
export function expectReply<T extends Reply['type']>(
  reply: Reply,
  type: T,
): Extract<Reply, { type: T }> {
  if (reply.type === type) return reply as Extract<Reply, { type: T }>;
  if (reply.type === 'failure') throw failureError(reply.code, reply.message);
  throw new OmniError('internal', `a shard answered ${reply.type} instead of ${type}`);
}

function failureError(code: string, message: string): OmniError {
  const isKnown = code === 'overloaded' || code === 'deadline_exceeded';
  return new OmniError(isKnown ? code : 'unavailable', message);
}
