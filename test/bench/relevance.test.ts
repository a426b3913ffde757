import { describe, expect, it } from 'vitest';
import { Random } from '../../bench/lib/random.js';
import { Bm25, wordsOf } from '../../bench/relevance/bm25.js';
import { averagePrecision, generalGoods } from '../../bench/relevance/general-goods.js';
import { goodsOf } from '../../bench/relevance/goods.js';
import { compareRuns, rankJudged, rankMisspelt } from '../../bench/relevance/judged.js';
import { misspell, modelNumbers, nonsense, squash } from '../../bench/relevance/made-queries.js';
import { byKind, isAnswered } from '../../bench/relevance/needs.js';

const GOODS = [
  { id: 'a', title: 'Wireless Mouse DCS-8325LH', category: 'Mice', brand: 'Aco' },
  { id: 'b', title: 'Mouse Pad', category: 'Mice', description: 'for mice and a mouse' },
  { id: 'c', title: 'Cable 3.5mm RJ45 Boxes', category: 'Cables', attributes: { colour: 'Red' } },
].map((product) => goodsOf(JSON.stringify(product)));

describe('the baseline', () => {
  it('folds accents and plurals, and keeps other words', () => {
    expect(wordsOf('Cafés, Boxes & Batteries: a bus, USB-3')).toEqual([
      ...['cafe', 'box', 'battery', 'a', 'bus', 'usb', '3'],
    ]);
  });

  it('ranks by BM25, and knows whether a product has all words', () => {
    const bm25 = new Bm25(GOODS);
    expect(bm25.rank('wireless mouse', 10)).toEqual(['a', 'b']);
    expect(bm25.rank('mouse', 1)).toHaveLength(1);
    expect(bm25.hasAll('mouses pads')).toBe(true);
    expect(bm25.hasAll('wireless pad')).toBe(false);
    expect(bm25.hasAll('???')).toBe(false);
  });
});

describe('made queries', () => {
  it('have one edit, in the longest word, and differ from the query', () => {
    const random = new Random(1, 'test');
    for (let i = 0; i < 500; i++) {
      const typed = misspell('usb charger', random);
      const [first, second = ''] = typed.split(' ');
      expect(first).toBe('usb');
      expect(second).not.toBe('charger');
      expect(Math.abs(second.length - 'charger'.length)).toBeLessThanOrEqual(1);
    }
    expect(misspell('mouse', new Random(7, 'x'))).toBe(misspell('mouse', new Random(7, 'x')));
  });

  it('are model numbers as titles print them, and no measures', () => {
    const [code, ...others] = modelNumbers(GOODS, 9, false, new Random(1, 'test'));
    expect(code?.code).toBe('DCS-8325LH');
    expect([...(code?.ids ?? [])]).toEqual(['a']);
    expect(others).toEqual([]);
    expect(squash('DCS-8325/L.H')).toBe('dcs8325lh');
  });

  it('are as many texts without meaning as asked for', () => {
    const texts = nonsense(60, new Random(1, 'test'));
    expect(texts).toHaveLength(60);
    expect(texts.every((text) => text.trim() !== '')).toBe(true);
  });
});

describe('judged queries', () => {
  const judgments = new Map([
    ['mouse', new Map([['a', 3], ['b', 1]])], // prettier-ignore
    ['cable', new Map([['c', 2]])],
  ]);

  it('are ranked worst first', async () => {
    const rank = (query: string): string[] => (query === 'mouse' ? ['a', 'b'] : ['a']);
    const results = await rankJudged(rank, judgments);
    expect(results.map(({ query, ndcg_10 }) => [query, ndcg_10])).toEqual([
      ['cable', 0],
      ['mouse', 1],
    ]);
    const verdicts = compareRuns(results, results, 1).map(({ verdict }) => verdict);
    expect(new Set(verdicts)).toEqual(new Set(['no clear difference']));
  });

  it('are asked with one typo each, the same for the same seed', async () => {
    const asked: string[] = [];
    const rank = (query: string): string[] => {
      asked.push(query);
      return [];
    };
    const [first, second] = await rankMisspelt(rank, judgments, [3, 3]);
    expect(first).toEqual(second);
    expect(first?.ndcg_10).toBe(0);
    expect(asked.slice(0, 2)).toEqual(asked.slice(2));
    expect(asked).not.toContain('mouse');
  });
});

describe('needs', () => {
  it('are answered by half of what is right, or of five', () => {
    expect([1, 2, 3].map((found) => isAnswered(found, 40))).toEqual([false, false, true]);
    expect([0, 1].map((found) => isAnswered(found, 2))).toEqual([false, true]);
    expect(isAnswered(1, 1)).toBe(true);
  });

  it('are summed up by kind', () => {
    const need = { kind: 'units', query: 'x', right: 9 };
    const results = [
      { ...need, found: 5, answered: true },
      { ...need, found: 1, answered: false },
    ];
    expect(byKind(results)).toEqual([
      { kind: 'units', queries: 2, answered: 0.5, missed: 'x (1/9)' },
      { kind: 'all', queries: 2, answered: 0.5, missed: 'x (1/9)' },
    ]);
  });
});

describe('general goods', () => {
  it('name right products for every query', () => {
    const { lines, needs } = generalGoods();
    expect(needs).toHaveLength(104);
    expect(needs.every(({ ids }) => ids.size > 0)).toBe(true);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('are measured by mean average precision as worked out by hand', () => {
    const right = new Set(['a', 'b']);
    expect(averagePrecision(['a', 'x', 'b'], right)).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(averagePrecision(['x'], right)).toBe(0);
  });
});
