import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SynonymTable } from '../../src/merchandising/synonyms.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { parseQuery } from '../../src/text/parse-query.js';

type Body = { words: readonly string[] } | { from: string; to: readonly string[] };

function tableOf(...bodies: Body[]): SynonymTable {
  const table = new SynonymTable(DEFAULT_TEXT_SETTINGS);
  for (const [i, body] of bodies.entries()) table.add({ id: `${i}`, ...body });
  return table;
}
const words = (text: string): string[] =>
  parseQuery(text, DEFAULT_TEXT_SETTINGS).words.map(({ word }) => word);
/** What may stand at each place of a query, as `length:words`. */
function standIns(table: SynonymTable, query: string): string[][] {
  const typed = words(query);
  return typed.map((_, i) =>
    table.at(typed, i).map((one) => `${one.length}:${one.words.join(' ')}`),
  );
}

describe('synonyms', () => {
  test('stand for each other, in the form that queries have', () => {
    const table = tableOf({ words: ['Sofas', 'couch', 'settee'] });
    expect(standIns(table, 'red COUCHES')).toEqual([[], ['1:sofa', '1:settee']]);
    expect(standIns(table, 'sofa')).toEqual([['1:couch', '1:settee']]);
  });

  test('go one way where that is asked for', () => {
    const table = tableOf({ from: 'phone', to: ['smartphone', 'cell phone'] });
    expect(standIns(table, 'phone')).toEqual([['1:smartphone', '1:cell phone']]);
    expect(standIns(table, 'smartphone')).toEqual([[]]);
    expect(standIns(table, 'cell phone')).toEqual([[], ['1:smartphone', '1:cell phone']]);
  });

  test('of several words stand for neighbours alone, longer ones first', () => {
    const table = tableOf(
      { words: ['cell phone', 'mobile'] },
      { words: ['cell', 'battery'] },
      { words: ['cell phone', 'handy'] },
    );
    expect(standIns(table, 'cell phone case')[0]).toEqual(['2:mobile', '2:handy', '1:battery']);
    expect(standIns(table, 'phone cell')).toEqual([[], ['1:battery']]);
    expect(standIns(table, 'cell')).toEqual([['1:battery']]);
    expect(standIns(table, 'mobile')).toEqual([['1:cell phone']]);
  });

  test('pass over stop words as queries do', () => {
    const table = tableOf({ words: ['shoes for men', 'brogues'] });
    expect(standIns(table, 'shoes men')[0]).toEqual(['2:brogue']);
  });

  test('are two-way for every pair, and never a word for itself', () => {
    const phrase = fc
      .array(fc.constantFrom('tv', 'flat', 'screen', 'sets', 'Sets', 'oled'), {
        minLength: 1,
        maxLength: 3,
      })
      .map((list) => list.join(' '));
    fc.assert(
      fc.property(fc.array(phrase, { minLength: 2, maxLength: 5 }), (phrases) => {
        const table = tableOf({ words: phrases });
        for (const a of phrases) {
          for (const b of phrases) {
            const [from, to] = [words(a), words(b)];
            const found = table
              .at(from, 0)
              .filter(({ length }) => length === from.length)
              .map((one) => one.words.join(' '));
            expect(found.includes(to.join(' '))).toBe(from.join(' ') !== to.join(' '));
          }
        }
      }),
    );
  });

  test('are bounded for each stretch of words', () => {
    const many = Array.from({ length: 5 }, (_, i) => ({
      from: 'x',
      to: Array.from({ length: 50 }, (__, k) => `word${i}x${k}`),
    }));
    expect(tableOf(...many).at(['x'], 0)).toHaveLength(50);
  });
});
