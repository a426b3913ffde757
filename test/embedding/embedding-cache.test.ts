import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelIdentity } from '../../src/core/product.js';
import { loadCache, saveCache } from '../../src/embedding/cache-file.js';
import { cacheKey, EmbeddingCache } from '../../src/embedding/embedding-cache.js';
import { withTempDir } from './harness.js';

const MODEL: ModelIdentity = { name: 'tiny', fingerprint: 'f'.repeat(32), dimensions: 3 };
const vector = (value: number): Float32Array => Float32Array.of(value, 0.5, -1 / 3);
const roomy = (entries = 100): EmbeddingCache => new EmbeddingCache({ entries, bytes: 1 << 20 });

describe('the key', () => {
  it('is equal for equal tokens only', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 0x7fffffff }), { maxLength: 8 });
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        expect(cacheKey(a) === cacheKey(b)).toBe(a.join() === b.join());
      }),
    );
  });
});

describe('the cache', () => {
  it('hits as often as an ideal LRU of its size', () => {
    const sizes = fc.integer({ min: 1, max: 8 });
    const traffic = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 200 });
    fc.assert(
      fc.property(sizes, traffic, (entries, keys) => {
        const cache = roomy(entries);
        const ideal: number[] = [];
        let hits = 0;
        for (const key of keys) {
          const at = ideal.indexOf(key);
          if (at !== -1) hits += ideal.splice(at, 1).length;
          ideal.push(key);
          if (ideal.length > entries) ideal.shift();
          if (cache.get(cacheKey([key])) === undefined) cache.set(cacheKey([key]), vector(key));
        }
        const { entries: held, ...counts } = cache.status();
        expect(counts).toEqual({ hits, misses: keys.length - hits });
        expect(held).toBeLessThanOrEqual(entries);
      }),
    );
  });

  it('stays within its bytes', () => {
    const cache = new EmbeddingCache({ entries: 1_000, bytes: 10_000 });
    for (let i = 0; i < 1_000; i++) cache.set(cacheKey([i]), new Float32Array(100));
    expect(cache.status().entries).toBe(Math.floor(10_000 / (400 + 4 + 256)));
  });

  it.each([
    { entries: 0, bytes: 1_000 },
    { entries: 10, bytes: 0 },
  ])('keeps nothing with $entries entries and $bytes bytes', (options) => {
    const cache = new EmbeddingCache(options);
    cache.set('key', vector(1));
    expect(cache.get('key')).toBeUndefined();
    expect(cache.status()).toMatchObject({ entries: 0, misses: 1 });
  });
});

describe("the cache's file", () => {
  it('brings back the most used entries, with their uses', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'cache');
      const cache = roomy();
      for (let i = 0; i < 10; i++) {
        cache.set(cacheKey([i]), vector(i));
        for (let use = 0; use < i; use++) cache.get(cacheKey([i]));
      }
      await saveCache(file, cache, MODEL, 4);
      const restored = roomy();
      expect(await loadCache(file, restored, MODEL)).toBe(4);
      const keys = [...restored.recent(10)].map(({ key, uses }) => [key, uses]);
      expect(keys).toEqual([9, 8, 7, 6].map((i) => [cacheKey([i]), i + 1]));
    });
  });

  it('has what each of those has that write it, and one that has little takes nothing away', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'cache');
      const [one, other] = [roomy(), roomy()];
      one.set('a', vector(1), 5);
      one.set('both', vector(2), 2);
      other.set('b', vector(3), 4);
      other.set('both', vector(2), 3);
      for (const cache of [one, other, roomy()]) await saveCache(file, cache, MODEL, 10);
      const restored = roomy();
      expect(await loadCache(file, restored, MODEL)).toBe(3);
      const uses = [...restored.recent(10)].map((entry) => [entry.key, entry.uses]);
      expect(uses).toEqual([
        ['a', 5],
        ['b', 4],
        ['both', 3],
      ]);
      expect(await readdir(dir)).toEqual(['cache']);
      // The second met what the first had written; that one has yet to look.
      expect([one.status().entries, other.status().entries]).toEqual([2, 3]);
      await loadCache(file, one, MODEL);
      expect(one.get('b')).toEqual(vector(3));
    });
  });

  it('is left alone when it is absent, of another model, cut or altered anywhere', async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, 'cache');
      const cache = roomy();
      cache.set(cacheKey([1, 2]), vector(1));
      const load = async (model = MODEL): Promise<number> => loadCache(file, roomy(), model);
      expect(await load()).toBe(0);
      await saveCache(file, cache, MODEL, 10);
      expect(await load()).toBe(1);
      expect(await load({ ...MODEL, fingerprint: 'e'.repeat(32) })).toBe(0);
      expect(await load({ ...MODEL, dimensions: 4 })).toBe(0);
      const bytes = await readFile(file);
      for (let at = 0; at < bytes.length; at += 7) {
        await writeFile(file, bytes.subarray(0, at));
        expect(await load(), `cut at ${at}`).toBe(0);
        const altered = Buffer.from(bytes);
        altered[at]! ^= 0x10;
        await writeFile(file, altered);
        expect(await load(), `altered at ${at}`).toBe(0);
      }
    });
  });
});
