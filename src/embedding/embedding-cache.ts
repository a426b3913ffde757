import type { LRUCache } from 'lru-cache';
import { boundedCache } from '../core/bounded-cache.js';
import type { TokenIds } from './token-ids.js';

/** 0 entries or 0 bytes keep nothing. */
export interface EmbeddingCacheOptions {
  entries: number;
  bytes: number;
}

/** One embedding and how often it was asked for, which decides what is kept over a restart. */
export interface CachedEmbedding {
  vector: Float32Array;
  uses: number;
}

/** What an entry costs beside its key and its numbers, roughly: objects, map and list nodes. */
const ENTRY_OVERHEAD_BYTES = 256;

/**
 * The key of a text: its token ids, four bytes each. Two spellings that the model cannot tell apart
 * share an entry, two that it can never do. One cache belongs to one model, so that the fingerprint
 * needs no place in the key.
 */
export function cacheKey(tokens: TokenIds): string {
  return Buffer.from(Int32Array.from(tokens).buffer).toString('latin1');
}

/** Embeddings of queries, the least recently used dropped first. */
export class EmbeddingCache {
  readonly #lru: LRUCache<string, CachedEmbedding> | undefined;
  #max = 0;
  #hits = 0;
  #misses = 0;

  constructor({ entries, bytes }: EmbeddingCacheOptions) {
    // The library reads 0 as "no limit".
    if (entries === 0 || bytes === 0) return;
    this.#max = entries;
    this.#lru = boundedCache<CachedEmbedding>({
      max: entries,
      bytes: { max: bytes, of: sizeOf },
    });
  }

  /** The vector under `key`, counted as a hit or a miss. Shared: never write to it. */
  get(key: string): Float32Array | undefined {
    const entry = this.#lru?.get(key);
    if (entry === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    entry.uses++;
    return entry.vector;
  }

  /** What is there by now, for whom it was not there a moment ago; not counted again. */
  peek(key: string): Float32Array | undefined {
    return this.#lru?.peek(key)?.vector;
  }

  set(key: string, vector: Float32Array, uses = 1): void {
    this.#lru?.set(key, { vector, uses });
  }

  /** Takes in what is not there yet, the first of it as far as there is room. */
  adopt(entries: readonly (CachedEmbedding & { key: string })[]): void {
    const lru = this.#lru;
    if (lru === undefined) return;
    const taken: (typeof entries)[number][] = [];
    let size = lru.calculatedSize;
    for (const entry of entries) {
      if (lru.has(entry.key)) continue;
      size += sizeOf(entry, entry.key);
      if (lru.size + taken.length >= this.#max || size > lru.maxSize) break;
      taken.push(entry);
    }
    // The first one last, so that it is the last to be dropped.
    for (const { key, vector, uses } of taken.reverse()) this.set(key, vector, uses);
  }

  /** The `limit` entries that were used last, the latest first. */
  *recent(limit: number): Generator<CachedEmbedding & { key: string }> {
    let left = limit;
    for (const [key, { vector, uses }] of this.#lru?.entries() ?? []) {
      if (left-- <= 0) return;
      yield { key, vector, uses };
    }
  }

  status(): { entries: number; hits: number; misses: number } {
    return {
      entries: this.#lru?.size ?? 0,
      hits: this.#hits,
      misses: this.#misses,
    };
  }
}

function sizeOf({ vector }: Pick<CachedEmbedding, 'vector'>, key: string): number {
  return vector.byteLength + key.length + ENTRY_OVERHEAD_BYTES;
}
