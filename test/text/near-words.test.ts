import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damerau } from '../../src/text/damerau.js';
import { letterSignatures, nearWords, tolerated } from '../../src/text/near-words.js';

/** The whole matrix, as textbooks have it. */
function reference(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_unused, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const cell = (i: number, j: number) => d[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, cell(i - 2, j - 2) + 1);
      }
      d[i]![j] = least;
    }
  }
  return cell(a.length, b.length);
}

const word = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', 'd', 'é'),
  minLength: 1,
  maxLength: 12,
});

function vocabularyOf(words: readonly string[]) {
  return {
    size: words.length,
    word: (index: number) => words[index] as string,
    signatures: letterSignatures(words),
  };
}

describe('damerau', () => {
  it('equals the whole matrix up to its bound', () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 1, max: 3 }), (a, b, max) => {
        expect(damerau(a, b, max)).toBe(Math.min(reference(a, b), max + 1));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('nearWords', () => {
  it('finds all words in reach, whatever the slices', () => {
    const words = fc.uniqueArray(word, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        words,
        word,
        fc.integer({ min: 1, max: 2 }),
        fc.nat(40),
        (all, typed, max, cut) => {
          const vocabulary = vocabularyOf(all);
          const middle = Math.min(cut, all.length);
          const near = [
            ...nearWords(vocabulary, typed, max, 0, middle),
            ...nearWords(vocabulary, typed, max, middle),
          ];
          const expected = all.filter((other) => {
            const distance = reference(typed, other);
            return typed.length >= 3 && other.length >= 3 && distance > 0 && distance <= max;
          });
          expect(near.map((one) => one.word)).toEqual(expected);
          for (const one of near) expect(one.distance).toBe(reference(typed, one.word));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('never proposes or corrects what has a digit', () => {
    const vocabulary = vocabularyOf(['dv71', 'dv72', 'mouse', 'mouse1']);
    expect(nearWords(vocabulary, 'dv73', 1)).toEqual([]);
    expect(nearWords(vocabulary, 'mouze', 1)).toEqual([{ index: 2, word: 'mouse', distance: 1 }]);
  });

  it('tolerates one edit from three letters, two from eight', () => {
    expect(
      ['us', 'usb', 'case', 'headset', 'keyboard', 'dv7-1211', 'dv71211ea'].map(tolerated),
    ).toEqual([0, 1, 1, 1, 2, 0, 0]);
  });
});
