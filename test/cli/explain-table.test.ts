import { expect, test } from 'vitest';
import { formatExplanation } from '../../src/cli/explain-table.js';
import type { SearchAnswer } from '../../src/cli/search-answer.js';

const ANSWER: SearchAnswer = {
  hits: [
    {
      id: 'p-1',
      score: 0.9,
      product: { title: 'Wireless\u001b[31m Mouse' },
      scores: { text: 0.55, vector: 0.6, type: 0.5, exact: 0 },
      explain: {
        vector_part: 0.3,
        matched: [
          {
            ...{ text: 'wireles', word: 'wireless', weight: 0.8, impact: 204, part: 0.2 },
            fields: ['title', 'description'],
          },
          { text: 'mouse', word: 'mouse', weight: 1, impact: 255, part: 0.35, fields: ['title'] },
        ],
      },
    },
    {
      id: 'p-2',
      score: 0.2,
      product: { title: 'Pointer' },
      scores: { text: 0, vector: 0.4, type: 0, exact: 0 },
      explain: { vector_part: 0.2, matched: [] },
    },
  ],
  took_ms: 1,
  timings_ms: { embed: 0, search: 0, join: 0 },
  partial: null,
  rewritten: { from: 'wireles mouse under 50', to: 'wireless mouse under 50' },
  did_you_mean: ['wired mouse'],
  understood: [{ text: 'under 50', filter: { price: { lt: 50 } } }, { text: 'not hp' }],
  explain: {
    embedded: 'wireless mouse',
    words: [
      {
        ...{ text: 'wireles', word: 'wirele', df: 0, idf: 7.123, known: true },
        alternatives: [{ words: ['wireless'], weight: 0.8, why: 'corrected' }],
      },
      {
        ...{ text: 'mouse', word: 'mouse', df: 12, idf: 2.5, known: true },
        alternatives: [{ words: ['mouse'], weight: 1, why: 'typed' }],
      },
      { text: 'qqq', word: 'qqq', df: 0, idf: 7.1, known: false, alternatives: [] },
    ],
  },
};

test('an explanation says how the text was read, and what each score is made of', () => {
  expect(formatExplanation(ANSWER)).toBe(`\
rewritten: wireles mouse under 50 -> wireless mouse under 50
did you mean: wired mouse
understood: under 50 -> {"price":{"lt":50}}
understood: not hp -> no hit may have it
embedded: wireless mouse
WORD     PRODUCTS  IDF   SEARCHED AS
wireles  0         7.12  wireless (corrected, weight 0.8)
mouse    12        2.50  mouse
qqq      0         7.10  nothing: no product has it

1. 0.9000  p-1  Wireless [31m Mouse
   text 0.5500 + vector 0.3000 (cosine 0.6000) + type 0.0500 (cosine 0.5000) + exact 0
   WORD     MATCHED   IN                  WEIGHT  IMPACT  ADDS
   wireles  wireless  title, description  0.80    0.80    0.2000
   mouse    mouse     title               1.00    1.00    0.3500

2. 0.2000  p-2  Pointer
   text 0.0000 + vector 0.2000 (cosine 0.4000) + type 0.0000 (cosine 0.0000) + exact 0
   no word of the query
`);
});

test('by meaning alone a score is a cosine, and nothing embedded is said', () => {
  const [hit] = ANSWER.hits;
  const { id, score, product } = hit!;
  const answer = {
    ...{ hits: [{ id, score, product }], took_ms: 1, timings_ms: ANSWER.timings_ms },
    ...{ partial: null, explain: { embedded: null, words: [] } },
  };
  expect(formatExplanation(answer)).toBe(`\
embedded: nothing

1. 0.9000  p-1  Wireless [31m Mouse
   vector 0.9000
`);
});
