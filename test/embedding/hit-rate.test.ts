import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../bench/lib/catalogue.js';
import { loadTraffic } from '../../bench/lib/traffic.js';
import { cacheKey, EmbeddingCache } from '../../src/embedding/embedding-cache.js';
import { readModelFolder } from '../../src/embedding/model-folder.js';
import { tinyModel } from './harness.js';

const REQUESTS = 60_000;
/** As in bench:latency. */
const UNSEEN_SHARE = 0.2;
const DIMENSIONS = 512;
/** The setting's default. */
const BYTES = 64 << 20;

/** What a cache of `entries` that drops the least recently used one hits, by a plain ordered map. */
function idealHits(keys: readonly string[], entries: number): number {
  const held = new Set<string>();
  let hits = 0;
  for (const key of keys) {
    if (held.delete(key)) hits++;
    held.add(key);
    if (held.size > entries) held.delete(held.values().next().value!);
  }
  return hits;
}

describe('under the traffic of bench:latency a cache', async () => {
  const catalogue = await loadCatalogue();
  const traffic = await loadTraffic(catalogue, 42);
  const { tokenizer } = await readModelFolder(tinyModel('tiny-clip').dir, 'fp32');
  const texts = Array.from({ length: REQUESTS }, () => traffic.next(UNSEEN_SHARE));
  const keys = texts.map((text) => cacheKey(tokenizer.encode(text)));

  it.each([300, 10_000])('of %i entries hits as often as an ideal LRU does', (entries) => {
    const cache = new EmbeddingCache({ entries, bytes: BYTES });
    for (const key of keys) {
      if (cache.get(key) === undefined) cache.set(key, new Float32Array(DIMENSIONS));
    }
    const { hits, misses } = cache.status();
    expect(hits + misses).toBe(REQUESTS);
    expect(hits).toBeGreaterThan(0);
    expect(Math.abs(hits / REQUESTS - idealHits(keys, entries) / REQUESTS)).toBeLessThan(0.01);
    // Keyed by the text itself, spellings of one query would not share an entry.
    expect(hits).toBeGreaterThanOrEqual(idealHits(texts, entries));
  });
});
