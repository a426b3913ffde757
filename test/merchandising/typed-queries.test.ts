import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TypedQueries, type AnsweredQuery } from '../../src/merchandising/typed-queries.js';

function typed(): { typed: TypedQueries; settled: AnsweredQuery[]; texts: () => string[] } {
  const settled: AnsweredQuery[] = [];
  const typed = new TypedQueries((query) => settled.push(query));
  return { typed, settled, texts: () => settled.map(({ text }) => text) };
}

it('a text that is typed letter by letter is one query, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 900 }),
      (text, pauseMs) => {
        fc.pre(text.trim() !== '');
        const { typed: queries, texts } = typed();
        const letters = Array.from(text);
        letters.forEach((_, i) => {
          const so = letters.slice(0, i + 1).join('');
          if (so.trim() !== '') queries.add({ text: so, total: 1, isTyping: true }, i * pauseMs);
        });
        queries.settle(Infinity);
        expect(texts()).toHaveLength(1);
      },
    ),
  );
});

it('letters that are taken away again are no query', () => {
  const { typed: queries, texts } = typed();
  ['lapp', 'lap', 'lapt', 'laptop'].forEach((text, i) =>
    queries.add({ text, total: 1, isTyping: true }, i * 200),
  );
  queries.settle(10_000);
  expect(texts()).toEqual(['laptop']);
});

it('texts that have nothing to do with each other are counted each', () => {
  const { typed: queries, texts } = typed();
  queries.add({ text: 'mouse', total: 1, isTyping: true }, 0);
  queries.add({ text: 'laptop', total: 1, isTyping: true }, 100);
  queries.settle(Infinity);
  expect(texts()).toEqual(['mouse', 'laptop']);
});

it('a text is settled once nobody goes on with it for a moment, or goes on with what it found', () => {
  const { typed: queries, texts } = typed();
  queries.add({ text: 'mouse', total: 1, isTyping: false }, 0);
  queries.settle(999);
  expect(texts()).toEqual([]);
  queries.settle(1_000);
  expect(texts()).toEqual(['mouse']);
  queries.add({ text: 'lap', total: 1, isTyping: true }, 5_000);
  queries.meant('Lap ');
  queries.add({ text: 'laptop', total: 1, isTyping: true }, 5_200);
  queries.settle(Infinity);
  expect(texts()).toEqual(['mouse', 'lap', 'laptop']);
});

it('holds a bounded number of texts', () => {
  const { typed: queries, settled } = typed();
  for (let i = 0; i < 2_000; i++) queries.add({ text: `q${i}x`, total: 1, isTyping: true }, 0);
  expect(queries.size).toBe(500);
  expect(settled).toHaveLength(1_500);
});
