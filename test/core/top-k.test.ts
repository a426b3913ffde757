import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, hashId } from '../../src/core/ids.js';
import { TopK } from '../../src/core/top-k.js';
import { normalise, score } from '../../src/core/vector.js';

const hit = fc.record({
  id: fc.string({ unit: 'binary', maxLength: 4 }),
  score: fc.integer({ min: 0, max: 5 }).map((n) => n / 5),
});

describe('invariant 5: results are ordered by score, ties by id in byte order', () => {
  test('a bounded heap keeps what a full sort would', () => {
    fc.assert(
      fc.property(fc.array(hit, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (hits, k) => {
        const top = new TopK<{ id: string; score: number }>(k);
        for (const one of hits) top.offer(one);
        const sorted = [...hits].sort(
          (a, b) => b.score - a.score || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)),
        );
        expect(top.sorted()).toEqual(sorted.slice(0, k));
        expect(top.floor).toBe(hits.length < k ? -Infinity : sorted[k - 1]?.score);
      }),
    );
  });

  test('ids are compared as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytes(a, b))).toBe(expected);
      }),
    );
    expect(compareBytes('\uffff', '\u{10000}')).toBeLessThan(0);
  });
});

test('hashId never changes: it is part of the stored format', () => {
  expect(['', 'a', 'p1', 'ключ', '🛒'].map(hashId)).toMatchInlineSnapshot(`
    [
      2872998923,
      444641715,
      1326582329,
      2594288994,
      2840873980,
    ]
  `);
});

test('vectors are brought to length 1, or refused', () => {
  expect(normalise([3, 4])).toEqual(Float32Array.from([0.6, 0.8]));
  for (const bad of [
    [0, 0],
    [1e39, 1],
    [Number.NaN, 1],
    [Infinity, 0],
  ]) {
    expect(normalise(bad)).toBeUndefined();
  }
  const block = Float32Array.from([9, 9, 0.6, 0.8]);
  expect(score(Float32Array.from([0.6, 0.8]), block, 2)).toBeCloseTo(1, 6);
});
