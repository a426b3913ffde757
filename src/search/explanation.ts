import type { LeafExplanation } from '../query/leaf-result.js';

/** How one shard answered one request. */
export interface ShardExplanation {
  shard: string;
  /** From the request's start to its answer here, and the part of it inside the shard. */
  roundTripMs: number;
  tookMs: number;
  /** Partitions asked for, and how many of them it did not search. */
  partitions: number;
  refused: number;
  /** Live rows that match. */
  matches: number;
  /** Undefined when the shard does not explain itself. */
  leaf: LeafExplanation | undefined;
}

/** What a search did, for a caller that asked. */
export interface Explanation {
  timingsMs: { embed: number; plan: number; fanOut: number; merge: number; join: number };
  /** Fan-outs: more than one where the join dropped hits and wider ones had to follow. */
  rounds: number;
  /** Hits asked of each shard in the last of them. */
  k: number;
  /** A request each, in the order of their answers. */
  shards: ShardExplanation[];
}

/** Gathers an `Explanation` while a search runs. */
export class Explainer {
  readonly shards: ShardExplanation[] = [];
  private readonly timingsMs = { plan: 0, fanOut: 0, merge: 0 };
  private rounds = 0;
  private k = 0;

  /** A fan-out for `k` hits begins. */
  round(k: number): void {
    this.rounds += 1;
    this.k = k;
  }

  /** Adds the time since `startedMs`. */
  spent(part: 'plan' | 'fanOut' | 'merge', startedMs: number): void {
    this.timingsMs[part] += performance.now() - startedMs;
  }

  explanation(embed: number, join: number): Explanation {
    const { rounds, k, shards } = this;
    return { timingsMs: { embed, ...this.timingsMs, join }, rounds, k, shards };
  }
}
