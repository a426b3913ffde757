import type { StageClock } from '../core/stage-times.js';
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

/** How a word of the query was searched. */
export interface WordExplanation {
  /** As typed, and as products have it. */
  text: string;
  word: string;
  /** Live products that have it. */
  df: number;
  idf: number;
  /** It means something to the encoder, or a product has it: it takes part in what is embedded. */
  isKnown: boolean;
  alternatives: readonly {
    words: readonly string[];
    weight: number;
    why: 'typed' | 'equal' | 'joined' | 'split' | 'corrected' | 'completed' | 'synonym';
  }[];
}

/** Why a hit is where it is. */
export interface HitExplanation {
  matched: readonly {
    /** As typed in the query. */
    text: string;
    /** Of the product. */
    word: string;
    weight: number;
    /** 1 to 255. */
    impact: number;
    /** What it adds to `scores.text`. */
    part: number;
    /** Fields that have it. */
    fields: readonly string[];
  }[];
  /** What the cosine adds to the score. */
  vectorPart: number;
}

/** What a search did, for a caller that asked. */
export interface Explanation {
  timingsMs: {
    embed: number;
    words: number;
    plan: number;
    fanOut: number;
    merge: number;
    join: number;
  };
  /** Fan-outs: more than one where the join dropped hits and wider ones had to follow. */
  rounds: number;
  /** Hits asked of each shard in the last of them. */
  k: number;
  /** A request each, in the order of their answers. */
  shards: ShardExplanation[];
  /** Of a text: its words, and what was embedded; null where nothing was. */
  words?: readonly WordExplanation[];
  embedded?: string | null;
}

/** Gathers an `Explanation` while a search runs. */
export class Explainer {
  readonly shards: ShardExplanation[] = [];
  private rounds = 0;
  private k = 0;
  private words: readonly WordExplanation[] | undefined;
  private embedded: string | null = null;

  /** A fan-out for `k` hits begins. */
  round(k: number): void {
    this.rounds += 1;
    this.k = k;
  }

  /** A text was read. */
  read(words: readonly WordExplanation[], embedded: string | undefined): void {
    this.words = words;
    this.embedded = embedded ?? null;
  }

  explanation({ embed, words: read, plan, search, merge, join }: StageClock): Explanation {
    const { rounds, k, shards, words, embedded } = this;
    return {
      timingsMs: { embed, words: read, plan, fanOut: search, merge, join },
      ...{ rounds, k, shards },
      ...(words === undefined ? {} : { words, embedded }),
    };
  }
}
