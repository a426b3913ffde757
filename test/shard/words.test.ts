import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import type { CountWords } from '../../src/protocol/messages.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { leafSearch, type LeafRequest } from '../../src/shard/leaf/leaf-search.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import { countWords } from '../../src/shard/leaf/words/count-words.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { damerau } from '../../src/text/damerau.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { letterSignature, tolerated } from '../../src/text/near-words.js';
import { productTerms } from '../../src/text/product-terms.js';
import { ANALYZER_VERSION } from '../../src/text/analyzer.js';
import { unlimited } from './leaf-fixture.js';
import {
  BLOCKS,
  directionOf,
  hasPhrase,
  indexOf,
  made,
  naive,
  textQuery,
  type Made,
} from './words-fixture.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omnisearch-words-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
let n = 0;

const EVERYTHING = new PartitionSet(() => [{ from: 0, to: HASH_END }]);

async function search(
  index: TenantIndex,
  request: Pick<LeafRequest, 'text' | 'vector' | 'k' | 'exact'>,
): Promise<{ id: string; score: number; text: number; vector: number; exact: number }[]> {
  const searcher = index.searcher();
  const whole = { ...request, filter: undefined, costs: new CostModel() };
  const { hits } = await leafSearch(searcher, EVERYTHING, whole, unlimited());
  searcher.release();
  return hits.map(({ id, score, parts }) => ({
    id,
    score,
    ...(parts as NonNullable<typeof parts>),
  }));
}

async function withIndex<T>(
  all: readonly Made[],
  shape: { blocks: number; merged: boolean },
  work: (index: TenantIndex) => Promise<T>,
): Promise<T> {
  const index = await indexOf(folder, `s${n++}`, all, shape);
  try {
    return await work(index);
  } finally {
    for (const segment of index.segments) await segment.close();
  }
}

const shape = fc.record({ blocks: fc.integer({ min: 1, max: BLOCKS }), merged: fc.boolean() });

describe('a search by words', () => {
  test('invariant 3: scores, ids and order are those of every product scored by itself, however they are cut into segments and write buffer, with deletes', async () => {
    await fc.assert(
      fc.asyncProperty(
        made,
        textQuery,
        shape,
        fc.option(fc.integer({ min: 0, max: 5 })),
        fc.constantFrom(1, 3, 100),
        async (all, text, how, direction, k) => {
          const vector = direction === null ? undefined : directionOf(direction);
          const expected = naive(all, text, vector).slice(0, k);
          const found = await withIndex(all, how, (index) =>
            search(index, { text, vector, k, exact: true }),
          );
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('candidates are scored as all are: where there are fewer than are taken, the answer is the exact one', async () => {
    await fc.assert(
      fc.asyncProperty(made, textQuery, shape, async (all, text, how) => {
        const vector = directionOf(2);
        const expected = naive(all, text, vector).slice(0, 10);
        const found = await withIndex(all, how, (index) =>
          search(index, { text, vector, k: 10, exact: false }),
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the first phase', () => {
  test('counts words, near spellings, beginnings and neighbours as a look at every live product does', async () => {
    const asked = ['red', 'cable', 'x200', 'nothing'];
    const pairs = [
      ['usb', 'cable'],
      ['cable', 'usb'],
      ['red', 'red'],
    ] as const;
    await fc.assert(
      fc.asyncProperty(made, shape, async (all, how) => {
        const live = all
          .filter(({ isDead }) => !isDead)
          .map(({ product }) => productTerms(product, DEFAULT_TEXT_SETTINGS));
        const df = (word: string): number =>
          live.filter(({ words }) => words.includes(word)).length;
        const known = [...new Set(live.flatMap(({ words }) => words))];
        await withIndex(all, how, async (index) => {
          const searcher = index.searcher();
          const near = ['kabek', 'gren'];
          const request: CountWords = {
            ...({
              type: 'words',
              tenant: 't',
              model: 'm',
              analyzer: ANALYZER_VERSION,
              generation: 0,
              budgetMs: 1,
            } as const),
            ...{ words: asked, near, prefix: 'ca', pairs },
          };
          // Twice: what was counted of segments is kept.
          await countWords(searcher, request, unlimited());
          const counted = await countWords(searcher, request, unlimited());
          searcher.release();
          expect(searcher.live).toBe(live.length);
          expect(counted.df).toEqual(asked.map(df));
          const nearTo = (word: string) =>
            known
              .filter((other) => letterSignature(other) !== 0)
              .map((other) => ({ word: other, distance: damerau(word, other, tolerated(word)) }))
              .filter(({ distance }) => distance > 0 && distance <= tolerated(word))
              .map((one) => ({ ...one, df: df(one.word) }));
          near.forEach((word, i) => {
            expect(sorted(counted.near[i] ?? [])).toEqual(sorted(nearTo(word)));
          });
          const beginning = known.filter((word) => word.startsWith('ca'));
          expect(sorted(counted.prefixed)).toEqual(
            sorted(beginning.map((word) => ({ word, df: df(word) }))),
          );
          expect(counted.adjacent).toEqual(
            pairs.map((pair) => live.filter((terms) => hasPhrase(terms, pair)).length),
          );
        });
      }),
      { numRuns: 30 },
    );
  });
});

function sorted<T extends { word: string }>(words: readonly T[]): T[] {
  return [...words].sort((a, b) => (a.word < b.word ? -1 : 1));
}
