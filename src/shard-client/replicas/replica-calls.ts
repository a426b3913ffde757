import type { CancelSignal } from '../../core/cancellation.js';
import type { Deadline } from '../../core/deadline.js';
import { HedgeBudget } from './hedge-budget.js';
import type { NodeCalls } from './node-calls.js';
import { ReplicaBook } from './replica-book.js';
import type { ReplicaCall, ReplicaNodes, Served, SetTimer } from './replica-call.js';
import { type CallCounts, RunningCall } from './running-call.js';

const HEDGES = { share: 0.07, burst: 20 };
const RETRIES = { share: 0.2, burst: 50 };

export interface ReplicaCallsOptions {
  /** Monotonic, milliseconds. */
  now?: (() => number) | undefined;
  setTimer?: SetTimer | undefined;
  /** At least 0, below 1. */
  random?: (() => number) | undefined;
  /** At most 7 further requests for 100 unless told, and a burst of 20. */
  hedges?: HedgeBudget | undefined;
  /** At most 20 for 100 unless told, and a burst of 50. */
  retries?: HedgeBudget | undefined;
}

/** One node as it is now. */
export interface NodeState {
  node: string;
  outstanding: number;
  /** How many times the usual duration its requests took of late. */
  slowness: number;
  isEjected: boolean;
  /** Since it became known. */
  ejections: number;
}

/**
 * Asks the replicas of shards: which one, when a second one, and which are left alone. See `chooseReplica`,
 * `KindTimes`, `NodeHealth` and `RunningCall`.
 */
export class ReplicaCalls {
  private readonly book: ReplicaBook;
  private readonly setting;

  constructor(nodes: ReplicaNodes, options: ReplicaCallsOptions = {}) {
    this.book = new ReplicaBook(nodes, options.now ?? (() => performance.now()));
    this.setting = {
      book: this.book,
      hedges: options.hedges ?? new HedgeBudget(HEDGES.share, HEDGES.burst),
      retries: options.retries ?? new HedgeBudget(RETRIES.share, RETRIES.burst),
      setTimer: options.setTimer ?? afterReading,
      random: options.random ?? Math.random,
      counts: { calls: 0, hedges: 0, hedgesWon: 0, hedgesLost: 0, retries: 0, moves: 0 },
    };
  }

  /** Since the start. */
  get counts(): Readonly<CallCounts> {
    return this.setting.counts;
  }

  /** How requests ended since the start, by node. */
  get ended(): ReadonlyMap<string, NodeCalls> {
    return this.book.ended;
  }

  nodeStates(): NodeState[] {
    return [...this.book.known].map(([node, health]) => ({
      node,
      outstanding: health.outstanding.total,
      slowness: health.slowness,
      isEjected: health.isEjected,
      ejections: health.ejections,
    }));
  }

  /** From now on these are the nodes: what is known of others is forgotten. */
  keepOnly(names: Iterable<string>): void {
    this.book.keepOnly(names);
  }

  /**
   * The first whole answer, or the best there is. Rejects the most telling of the attempts' errors;
   * `deadline_exceeded` only when `deadline` passed. When `signal` is aborted it rejects as the attempt
   * does, and so does an error that is no matter of the replica.
   */
  call<T>(call: ReplicaCall<T>, deadline: Deadline, signal?: CancelSignal): Promise<Served<T>> {
    this.setting.counts.calls += 1;
    if (call.nodes.length === 1) return this.callOnly(call, deadline, signal);
    for (const node of call.nodes) {
      if (this.book.isLeftAlone(node)) void this.book.probeIfDue(node);
    }
    this.setting.hedges.earn();
    this.setting.retries.earn();
    return new RunningCall(this.setting, call, deadline, signal).run();
  }

  /** Nobody else could be asked: no timer, no signal of its own. */
  private async callOnly<T>(
    call: ReplicaCall<T>,
    deadline: Deadline,
    signal: CancelSignal | undefined,
  ): Promise<Served<T>> {
    const node = call.nodes[0] as string;
    const asked = this.book.asked(node, call.kind);
    try {
      const answer = await call.ask(node, deadline, signal);
      if (call.isWhole(answer)) this.book.answered(asked);
      else this.book.gaveUp(asked, 'incomplete');
      return { node, answer };
    } catch (error) {
      this.book.failed(asked, error, signal);
      throw error;
    }
  }
}

/**
 * Wakes after what has come by then was read: a process that was held up itself would else take its own
 * silence for that of all others.
 */
function afterReading(afterMs: number, wake: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    turn = setImmediate(wake);
  }, afterMs);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}
