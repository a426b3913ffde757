import type { After } from '../query/sort.js';
import type { StoreReader } from '../store/store.js';
import type { AskedShards } from './ask-shards.js';
import type { Asked } from './asked.js';
import { diversify } from './diversify.js';
import { readInTime } from './failures.js';
import type { Looked } from './look.js';
import type { FoundHit } from './merge-hits.js';
import { placePins } from './pins.js';
import { rerank } from './rerank.js';
import type { SearchRun } from './search-run.js';
import { isTooFew, widened } from './widen.js';

/** Hits in the order in which they are shown. */
export interface Arranged {
  hits: FoundHit[];
  /** So many of the first are in an order that shards do not know: of kinds, pins and variety. */
  fixed: number;
  /** Where the shards' order goes on behind those; undefined: it begins. */
  behind: After | undefined;
}

/** The order of a page: that of the shards, but for what is decided by looking at the first hits together. */
export async function arrange(
  looked: Looked,
  run: SearchRun,
  asked: Asked,
  shards: AskedShards,
  store: StoreReader,
): Promise<Arranged> {
  const { request, shop, shaping, walk, deadline } = run;
  const { main, pinned, window } = looked;
  if (walk?.at !== undefined) {
    const pins = new Set(shaping.pinned.map(({ id }) => id));
    const behind = main.hits.filter(({ id }) => !pins.has(id));
    return { hits: [...window, ...behind], fixed: window.length, behind: walk.at.after };
  }
  const byScore = shop.sort.length === 0;
  const isReranked = byScore && asked.order === 'fused';
  const isDiverse = byScore && shop.diversify !== undefined;
  const hasPins = shaping.pinned.length > 0;
  if (!isReranked && !isDiverse && !hasPins)
    return { hits: main.hits, fixed: 0, behind: undefined };

  let { hits } = main;
  if (isReranked) hits = rerank(hits, asked.wantsProduct);
  if (isDiverse && shop.diversify !== undefined) {
    const reading = diversify(hits, shop.diversify, request, store);
    hits = await readInTime(reading, deadline, 'the documents');
  }
  // A walk has a place for all that is pinned before it goes on in the shards' order.
  hits = placePins(hits, pinned, shaping.pinned, main.exhausted || walk !== undefined);
  if (isTooFew(run, asked, looked, shards)) {
    hits = [...hits, ...(await widened(run, asked, shards, hits))];
  }
  return { hits, fixed: hits.length, behind: placeOf(main.hits.at(-1)) };
}

/** Where a walk goes on behind a hit, in the shards' order. */
export function placeOf(hit: FoundHit | undefined): After | undefined {
  return hit && { keys: hit.keys, id: hit.id };
}
