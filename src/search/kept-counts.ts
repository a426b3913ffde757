import { LRUCache } from 'lru-cache';
import type { RowStates } from './row-states.js';
import { sumOf, type Count } from './word-count.js';

/** How old a sum may be that a search goes by, whatever has changed since. */
const MAX_AGE_MS = 2_000;
/** And one of rows that have not changed: what a deleted word leaves behind goes with it. */
const MAX_HELD_MS = 600_000;
/** Of the answers that are kept, over all tenants: in memory, about. */
const MAX_BYTES = 32 * 1024 * 1024;
const ANSWER_BYTES = 256;
const PART_BYTES = 128;
const WORD_BYTES = 96;

/** The answer to one question, over all shards of a tenant. */
export interface KeptCount extends Count {
  asOfMs: number;
  /** Some shard did not answer: its last known part is in the sum. */
  isApproximate: boolean;
  /** Of each shard, to stand for it when it does not answer. */
  parts: ReadonlyMap<string, Count>;
  /** What was counted; undefined: some shard did not tell. */
  rows: RowStates | undefined;
}

/** What the shards answered to one question. */
interface CountedParts {
  /** Without those that did not answer. */
  parts: ReadonlyMap<string, Count>;
  /** Those that may not have counted all. */
  unsure: ReadonlySet<string>;
  rows: RowStates | undefined;
}

/**
 * What was counted of words lately, of all tenants. Sums serve searches for two seconds; a shard's part
 * in them stands for the shard, however old, while it does not answer.
 */
export class KeptCounts {
  private readonly kept = new LRUCache<string, KeptCount>({
    maxSize: MAX_BYTES,
    sizeCalculation: bytesOf,
  });

  constructor(private readonly now: () => number) {}

  /** A sum that is still good; `isTyped`: and is not of a moment when there was none. */
  fresh(key: string, isTyped: boolean): KeptCount | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined || this.now() - kept.asOfMs > MAX_AGE_MS) return undefined;
    return isTyped && kept.df === 0 ? undefined : kept;
  }

  /** A sum that is good while the rows are as they were. */
  held(key: string): (KeptCount & { rows: RowStates }) | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined || this.now() - kept.asOfMs > MAX_HELD_MS) return undefined;
    const { rows } = kept;
    return rows === undefined || kept.isApproximate ? undefined : { ...kept, rows };
  }

  /** Whether something is known, however old, of what `shard` has. */
  hasPart(key: string, shard: string): boolean {
    return this.kept.peek(key)?.parts.has(shard) === true;
  }

  /**
   * Adds up the shards' answers to one question. Of those that did not answer, or may not have counted all, the
   * last known part is better.
   */
  put(
    key: string,
    asOfMs: number,
    shards: readonly string[],
    { parts: answers, unsure, rows }: CountedParts,
  ): KeptCount {
    const before = this.kept.peek(key)?.parts;
    const parts = new Map<string, Count>();
    let isApproximate = false;
    for (const shard of shards) {
      const answer = answers.get(shard);
      const isSure = answer !== undefined && !unsure.has(shard);
      const part = isSure ? answer : (before?.get(shard) ?? answer);
      if (part !== undefined) parts.set(shard, part);
      isApproximate ||= !isSure;
    }
    const sum: KeptCount = { ...sumOf(parts.values()), asOfMs, isApproximate, parts, rows };
    this.kept.set(key, sum);
    return sum;
  }
}

/** A key may be a word of two thousand letters, and a part the hundred words that begin with one. */
function bytesOf({ list, parts }: KeptCount, key: string): number {
  let words = list.length;
  for (const part of parts.values()) words += part.list.length;
  return ANSWER_BYTES + 2 * key.length + PART_BYTES * parts.size + WORD_BYTES * words;
}
