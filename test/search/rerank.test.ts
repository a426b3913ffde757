import { describe, expect, test } from 'vitest';
import { foundHits, mergeHits, type FoundHit } from '../../src/search/merge-hits.js';
import { rerank, RERANK_WINDOW } from '../../src/search/rerank.js';
import { ACCESSORY_MARK } from '../../src/text/accessories.js';
import type { HitColumns } from '../../src/query/leaf-result.js';

const type = (...hashes: number[]): Uint8Array => new Uint8Array(Uint32Array.from(hashes).buffer);

function hit(id: string, score: number, hashes: number[]): FoundHit {
  const scores = { text: score, vector: 0, type: 0, exact: 0 };
  return { id, version: 1, score, scores, type: type(...hashes), keys: [score] };
}

/** Ten printers, and toner between them. */
function printersAndToner(count: number): FoundHit[] {
  return Array.from({ length: count }, (_, i) =>
    i % 5 === 4
      ? hit(`toner${i}`, 1 - i / 1_000, [7, 8])
      : hit(`printer${i}`, 1 - i / 1_000, [1, 2]),
  );
}

describe('the rerank by kind of product', () => {
  test('puts those behind that are of another kind than most of the first ten', () => {
    const ranked = rerank(printersAndToner(20), true);
    expect(ranked.slice(0, 16).every(({ id }) => id.startsWith('printer'))).toBe(true);
    expect(ranked.slice(16).every(({ id }) => id.startsWith('toner'))).toBe(true);
  });

  test('adds a tenth of the cosine with the mean of the first ten', () => {
    const [first] = rerank([hit('a', 1, [1, 2]), hit('b', 0.9, [1]), hit('c', 0.2, [])], true);
    // Unit vectors (1, 1)/√2 and (1, 0): their mean has length cos 22.5°.
    expect(first?.scores?.type).toBeCloseTo(Math.cos(Math.PI / 8), 12);
    expect(first?.score).toBe(1 + 0.1 * (first?.scores?.type ?? 0));
  });

  test('leaves what is beyond the window behind it, in its order, without a type', () => {
    const hits = printersAndToner(80);
    const beyond = hits.slice(RERANK_WINDOW).map(({ id, score }) => [id, score]);
    const ranked = rerank(hits, true);
    expect(ranked.slice(RERANK_WINDOW).map(({ id, score }) => [id, score])).toEqual(beyond);
    const scores = ranked.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  test('changes nothing where no kind is known', () => {
    const hits = [hit('b', 1, []), hit('a', 1, [])];
    expect(rerank(hits, true).map(({ id, score }) => [id, score])).toEqual([
      ['b', 1],
      ['a', 1],
    ]);
  });
});

describe('the rerank where the same words find products and accessories', () => {
  /** Seven lamps before three projectors, all found by the same words. */
  const lampsAndProjectors = (): FoundHit[] => [
    ...Array.from({ length: 7 }, (_, i) => hit(`lamp${i}`, 1 - i / 1_000, [7, 8, ACCESSORY_MARK])),
    ...[7, 8, 9].map((i) => hit(`projector${i}`, 1 - i / 1_000, [1, 2])),
  ];
  const first = (hits: readonly FoundHit[]): string[] => hits.slice(0, 3).map(({ id }) => id);

  test('brings products first, although most are accessories', () => {
    const ranked = rerank(lampsAndProjectors(), true);
    expect(first(ranked)).toEqual(['projector7', 'projector8', 'projector9']);
    expect(ranked.slice(3).every(({ scores }) => scores?.type === 0)).toBe(true);
  });

  test('leaves them where they are if an accessory is asked for', () => {
    expect(first(rerank(lampsAndProjectors(), false))).toEqual(['lamp0', 'lamp1', 'lamp2']);
  });

  test('and if hardly a product is found by as many words', () => {
    const few = lampsAndProjectors().map((one, i) =>
      i < 8 ? one : hit(one.id, 0.7 - i / 1_000, [1, 2]),
    );
    expect(first(rerank(few, true))).toEqual(['lamp0', 'lamp1', 'lamp2']);
  });

  test('counts the mark of accessories as no kind of its own', () => {
    const [a, b] = rerank([hit('a', 1, [1, ACCESSORY_MARK]), hit('b', 0.5, [1])], false);
    expect(a?.scores?.type).toBeCloseTo(1, 12);
    expect(b?.scores?.type).toBeCloseTo(1, 12);
  });
});

describe('the answers to a text', () => {
  const answer = (ids: string[], scores: HitColumns['scores']): HitColumns => {
    return { ids, versions: ids.map(() => 1), scores };
  };

  test('are ordered by words, half of the cosine, what is named, and boosts', () => {
    const lists = [
      answer(['b', 'a'], { text: [0.2, 0.5], vector: [0.9, 0.1], exact: [0, 0], boost: [0.5, 0] }),
      answer(['c'], { text: [0], vector: [0], exact: [2] }),
    ].map((hits) => foundHits(hits, undefined, 'fused'));
    expect(mergeHits(lists, 10).map(({ id, score }) => [id, score])).toEqual([
      ['c', 2],
      ['b', 0.2 + 0.5 * 0.9 + 0.5],
      ['a', 0.5 + 0.5 * 0.1],
    ]);
  });

  test('by their meaning alone have its cosine as their score', () => {
    const lists = [answer(['b'], { vector: [0.9] }), answer(['a'], { vector: [0.1] })].map((hits) =>
      foundHits(hits, undefined, 'meaning'),
    );
    expect(mergeHits(lists, 10).map(({ id, score }) => [id, score])).toEqual([
      ['b', 0.9],
      ['a', 0.1],
    ]);
  });
});
