import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ViewRequest } from '../../src/shard/leaf/views/view-request.js';
import { countWords } from '../../src/shard/leaf/words/count-words.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { damerau } from '../../src/text/damerau.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { letterSignature, tolerated } from '../../src/text/near-words.js';
import { productTerms } from '../../src/text/product-terms.js';
import { look, unlimited } from './leaf-fixture.js';
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

async function search(
  index: TenantIndex,
  request: Pick<ViewRequest, 'text' | 'vector' | 'exact'>,
  k: number,
): Promise<{ id: string; score: number; text: number; vector: number; exact: number }[]> {
  const { views } = await look(index, { ...request, views: [{ k }] });
  return (views[0]?.hits ?? []).map(({ id, score, parts }) => ({
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
        fc.boolean(),
        async (all, text, how, direction, k, exact) => {
          const vector = direction === null ? undefined : directionOf(direction);
          const expected = naive(all, text, vector).slice(0, k);
          const found = await withIndex(all, how, (index) =>
            search(index, { text, vector, exact }, k),
          );
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 45 },
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
          const request = { words: asked, near, prefix: 'ca', pairs };
          // Twice: what was counted of segments is kept.
          await countWords(searcher.views, request, unlimited());
          const counted = await countWords(searcher.views, request, unlimited());
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
