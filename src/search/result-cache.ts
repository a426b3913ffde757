import { LRUCache } from 'lru-cache';
import { digest } from '../core/ids.js';
import { categoriesOf } from '../filter/analyse.js';
import type { PartialHit } from '../query/leaf-result.js';
import type { Position, StoreReader } from '../store/store.js';
import type { Merged } from './merge-hits.js';
import type { SearchRequest } from './search-types.js';

/** 0 entries keep nothing. */
export interface ResultCacheOptions {
  entries: number;
  bytes: number;
  ttlMs: number;
}

/** What the shards answered to a search, before the join. */
export type Ranking = Readonly<Pick<Merged, 'hits' | 'exhausted'>>;

interface Entry extends Ranking {
  tenant: string;
  ids: ReadonlySet<string>;
  /** Categories that were read; undefined for all. */
  categories: ReadonlySet<string> | undefined;
  /** What of the feed each shard had applied when it answered. */
  positions: readonly Position[];
  bytes: number;
}

/** Feed entries looked through for one that matters; with more of them the entry is given up. */
const FEED_LIMIT = 128;
/** What an entry and one of its hits take beside their texts, roughly. */
const ENTRY_BYTES = 512;
const HIT_BYTES = 96;

/**
 * Rankings of text searches. An entry is valid only while the store's feed, read at every use, has
 * nothing after the shards' positions that could change it: a change in a category that was read,
 * or of a product that was found. So it is right whoever wrote, and also when a shard lagged behind
 * while it answered. Documents are not kept: the join reads them afresh (invariant 2).
 */
export class ResultCache {
  readonly #entries: LRUCache<string, Entry>;
  #hits = 0;
  #misses = 0;

  constructor(
    private readonly store: StoreReader,
    options: ResultCacheOptions,
  ) {
    this.#entries = new LRUCache({
      max: options.entries,
      maxSize: options.bytes,
      sizeCalculation: ({ bytes }) => bytes,
      ttl: options.ttlMs,
    });
  }

  /**
   * The name of a request's ranking: tenant, text as the model sees it, filter, how much and how
   * exactly. Which fields are wanted is the join's business.
   */
  static key({ tenant, filter, topK, exact }: SearchRequest, queryKey: string): string {
    return digest(tenant, queryKey, JSON.stringify([filter, topK, exact]));
  }

  /** The ranking under `key` if it still holds. Rejects when the store cannot be read. */
  async get(key: string): Promise<Ranking | undefined> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && (await this.#stillHolds(key, entry))) {
      this.#hits++;
      return entry;
    }
    this.#misses++;
    return undefined;
  }

  /**
   * Keeps a complete ranking. Nothing is kept when a shard did not say where it was, or when none
   * was asked: then there is nothing to tell by when it ends.
   */
  put(
    key: string,
    { tenant, filter }: SearchRequest,
    { hits, exhausted, positions }: Merged,
  ): void {
    const known = positions.filter((position) => position !== undefined);
    if (known.length === 0 || known.length < positions.length) return;
    const categories = categoriesOf(filter);
    this.#entries.set(key, {
      tenant,
      hits,
      exhausted,
      ids: new Set(hits.map(({ id }) => id)),
      categories: categories && new Set(categories),
      positions: distinct(known),
      bytes: entryBytes(key, hits, categories),
    });
  }

  /** The ranking was not enough after all. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#misses++;
  }

  status(): { entries: number; hits: number; misses: number } {
    return { entries: this.#entries.size, hits: this.#hits, misses: this.#misses };
  }

  async #stillHolds(key: string, entry: Entry): Promise<boolean> {
    const pages = await Promise.all(
      entry.positions.map((position) => this.store.readFeed(entry.tenant, position, FEED_LIMIT)),
    );
    const holds = pages.every(
      ({ entries, atEnd, expired }) =>
        !expired && atEnd && entries.every((change) => !concerns(entry, change)),
    );
    if (!holds) {
      if (this.#entries.peek(key) === entry) this.#entries.delete(key);
      return false;
    }
    // What was looked through need not be looked through again.
    entry.positions = distinct(pages.map(({ position }) => position));
    return true;
  }
}

/** A product that leaves a category shows only its new one: hence the look at the ids too. */
function concerns(entry: Entry, change: { id: string; category: string }): boolean {
  return entry.categories?.has(change.category) !== false || entry.ids.has(change.id);
}

function distinct(positions: readonly Position[]): Position[] {
  const texts = new Map(positions.map((bytes) => [Buffer.from(bytes).toString('latin1'), bytes]));
  return [...texts.values()];
}

function entryBytes(
  key: string,
  hits: readonly PartialHit[],
  categories: readonly string[] | undefined,
): number {
  const texts = hits.reduce((sum, { id }) => sum + HIT_BYTES + 2 * id.length, 0);
  const names = (categories ?? []).reduce((sum, name) => sum + HIT_BYTES + 2 * name.length, 0);
  return ENTRY_BYTES + key.length + texts + names;
}
