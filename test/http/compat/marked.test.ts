import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { around, markedTexts, partsOf, withTags } from '../../../src/http/compat/marked.js';
import { markedBeginning } from '../../../src/http/compat/facet-values.js';
import { hitHighlights as ofAlgolia } from '../../../src/http/compat/algolia/hit-highlights.js';
import { hitHighlights as ofTypesense } from '../../../src/http/compat/typesense/hit-highlights.js';
import { highlight } from '../../../src/text/highlight.js';

describe('marked texts', () => {
  test('come back as they were, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, tail) => {
        const whole = `${text} boot <mark>&amp; ${tail}`;
        const parts = partsOf(highlight(whole, new Set(['boot']), 'en'));
        expect(parts.map((part) => part.text).join('')).toBe(whole);
        expect(markedTexts(parts)).toContain('boot');
      }),
    );
  });

  test('are cut around the first match', () => {
    const parts = partsOf('one two three <mark>four</mark> five six seven');
    const cut = around(parts, 2, 1);
    expect(withTags(cut.parts, '[', ']')).toBe('two three [four] five ');
    expect(cut).toMatchObject({ isCutBefore: true, isCutBehind: true });
    expect(around(partsOf('a <mark>b</mark>'), 4, 4)).toMatchObject({
      isCutBefore: false,
      isCutBehind: false,
    });
  });

  test('beginnings of values, whatever their case and accents', () => {
    const marked = (value: string, prefix?: string): string =>
      withTags(markedBeginning(value, prefix), '<', '>');
    expect(marked('Acme', 'ac')).toBe('<Ac>me');
    expect(marked('Élan', 'el')).toBe('<Él>an');
    expect(marked('E\u0301lan', 'el')).toBe('<E\u0301l>an');
    expect(marked('Acme')).toBe('Acme');
    expect(marked('Acme', 'x')).toBe('Acme');
  });
});

const MARKED = {
  title: 'Leather <mark>boots</mark> &amp; more',
  'a.b': 'no match',
  tags: ['<mark>boot</mark>', 'hat'],
};

test('as Typesense has them', () => {
  const options = {
    fields: [],
    full: ['title'],
    affixTokens: 1,
    snippetThreshold: 2,
    startTag: '<mark>',
    endTag: '</mark>',
  };
  expect(ofTypesense(MARKED, options)).toEqual({
    highlight: {
      title: {
        matched_tokens: ['boots'],
        snippet: 'Leather <mark>boots</mark> &',
        value: 'Leather <mark>boots</mark> & more',
      },
      tags: [
        { matched_tokens: ['boot'], snippet: '<mark>boot</mark>' },
        { matched_tokens: [], snippet: 'hat' },
      ],
    },
    highlights: [
      {
        field: 'title',
        matched_tokens: ['boots'],
        snippet: 'Leather <mark>boots</mark> &',
        value: 'Leather <mark>boots</mark> & more',
      },
      { field: 'tags', indices: [0], matched_tokens: [['boot']], snippets: ['<mark>boot</mark>'] },
    ],
  });
});

test('as Algolia has them', () => {
  const document = {
    id: '1',
    title: 'Leather boots & more',
    tags: ['boot', 'hat'],
    a: { b: 'no match' },
    price: 3,
    none: null,
  };
  const options = {
    ...{ fields: [], told: 'all' as const, preTag: '<em>', postTag: '</em>', ellipsis: '…' },
    snippets: new Map([['title', 2]]),
  };
  expect(ofAlgolia(document, MARKED, 'leather boot', options)).toEqual({
    _highlightResult: {
      title: {
        value: 'Leather <em>boots</em> & more',
        matchLevel: 'partial',
        matchedWords: ['boot'],
      },
      tags: [
        { value: '<em>boot</em>', matchLevel: 'partial', matchedWords: ['boot'] },
        { value: 'hat', matchLevel: 'none', matchedWords: [] },
      ],
      a: { b: { value: 'no match', matchLevel: 'none', matchedWords: [] } },
      price: { value: '3', matchLevel: 'none', matchedWords: [] },
    },
    _snippetResult: { title: { value: 'Leather <em>boots</em> &…', matchLevel: 'partial' } },
  });
});
