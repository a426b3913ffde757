import type { CancelSignal } from '../../core/cancellation.js';
import type { Deadline } from '../../core/deadline.js';

/** One request that any of several nodes can answer. */
export interface ReplicaCall<T> {
  /** Names of the nodes that hold the same rows; at least one. */
  nodes: readonly string[];
  /** Requests of one kind take about the same time. There are few kinds. */
  kind: string;
  /** Where earlier rounds of the same search went. */
  prefer?: string | undefined;
  /** 32 bits; the same for requests that gain from going to the same replica. */
  stickyKey?: number | undefined;
  /** One attempt; rejects `OmniError`, by the deadline at the latest. Aborting `signal` stops it. */
  ask(node: string, deadline: Deadline, signal: CancelSignal | undefined): Promise<T>;
  /**
   * False: the answer lacks something that another replica may have (not ready, timed out). Another one is
   * asked while time is left, and the better answer serves.
   */
  isWhole(answer: T): boolean;
  /** Of two answers that are not whole, whether the later lacks less; the earlier serves unless told. */
  isBetter?(later: T, earlier: T): boolean;
}

export interface Served<T> {
  /** Who gave the answer. */
  node: string;
  answer: T;
}

/** The nodes as their connections see them. Times are of the clock that `ReplicaCalls` reads. */
export interface ReplicaNodes {
  /** Nothing has come from it for so long that it is asked nothing. */
  isSilent(node: string): boolean;
  /** When the last byte came from it, milliseconds. */
  heardAtMs(node: string): number;
  /** Resolves when the node says that it serves. */
  probe(node: string, deadline: Deadline): Promise<void>;
}

/** Calls `wake` once, in `afterMs`; what it returns calls that off. */
export type SetTimer = (afterMs: number, wake: () => void) => () => void;
