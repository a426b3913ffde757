import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompiledBook, type Merchandise } from '../../src/merchandising/rule-book.js';
import { parseRule } from '../../src/merchandising/parse-rule.js';
import type { RuleBody } from '../../src/merchandising/rule.js';
import { RuleIndex, type Occasion } from '../../src/merchandising/rule-index.js';
import { SynonymTable } from '../../src/merchandising/synonyms.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';

const NOON = new Date('2026-11-27T12:00:00Z');
const BROWSING: Occasion = { query: undefined, categories: undefined, tags: [], at: NOON };

function matched(rules: Partial<RuleBody>[], occasion: Partial<Occasion>): Merchandise {
  const index = new RuleIndex('en');
  for (const [i, rule] of rules.entries()) {
    index.add(parseRule({ id: `r${i}`, when: {}, then: {}, ...rule }));
  }
  const book = new CompiledBook('1', index, new SynonymTable(DEFAULT_TEXT_SETTINGS));
  return book.match({ ...BROWSING, ...occasion });
}
const applies = (when: RuleBody['when'], occasion: Partial<Occasion>): boolean =>
  matched([{ when }], occasion).rules.length === 1;

describe('a rule', () => {
  test.each<[RuleBody['when'], string, boolean]>([
    [{ query: 'wireless mouse' }, 'wireless mouse', true],
    [{ query: 'wireless mouse' }, '  Wireless   MICE!', true],
    [{ query: 'wireless mouse' }, 'mouse wireless', false],
    [{ query: 'wireless mouse' }, 'wireless mouse pad', false],
    [{ query: 'shoes for men' }, 'shoes men', false],
    [{ query: 'Über' }, 'uber', true],
    [{ query: '32 GB' }, '32gb', true],
    [{ query: 'mouse', match: 'contains' }, 'a wireless mouse pad', true],
    [{ query: 'mouse pad', match: 'contains' }, 'big mouse pads here', true],
    [{ query: 'mouse pad', match: 'contains' }, 'mouse big pad', false],
    [{ query: 'mouse', match: 'contains' }, 'mousetrap', false],
    [{ query: 'mouse', match: 'contains' }, 'keyboard -mouse', false],
    [{ query: 'b b', match: 'contains' }, 'a b b c', true],
  ])('that wants %j sees %j: %s', (when, query, expected) => {
    expect(applies(when, { query })).toBe(expected);
  });

  test('with a query is none for who browses', () => {
    expect(applies({ query: 'x' }, {})).toBe(false);
    expect(applies({}, {})).toBe(true);
  });

  test('of a category wants a filter that names it', () => {
    const when = { category: 'Mice' };
    expect(applies(when, { categories: ['Keyboards', 'Mice'] })).toBe(true);
    expect(applies(when, { categories: ['mice'] })).toBe(false);
    expect(applies(when, {})).toBe(false);
    expect(applies({ ...when, query: 'x' }, { query: 'x' })).toBe(false);
  });

  test('with tags wants one of them', () => {
    const when = { tags: ['sale', 'app'] };
    expect(applies(when, { tags: ['web', 'app'] })).toBe(true);
    expect(applies(when, { tags: ['web'] })).toBe(false);
    expect(applies(when, {})).toBe(false);
  });

  test('holds from its beginning until just before its end', () => {
    const when = { from: '2026-11-27T12:00:00Z', to: '2026-11-27T14:00:00.5+01:00' };
    const at = (time: string) => applies(when, { at: new Date(time) });
    expect(at('2026-11-27T11:59:59.999Z')).toBe(false);
    expect(at('2026-11-27T12:00:00.000Z')).toBe(true);
    expect(at('2026-11-27T13:00:00.499Z')).toBe(true);
    expect(at('2026-11-27T13:00:00.500Z')).toBe(false);
  });

  test('that wants it exactly is one that contains it, and all of it', () => {
    const word = fc.constantFrom('mouse', 'pad', 'red', 'pads', 'Red', 'the', '3', 'usb-c');
    const text = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(text, text, text, (before, query, after) => {
        expect(applies({ query }, { query })).toBe(true);
        const around = { query: `${before} ${query} ${after}` };
        expect(applies({ query, match: 'contains' }, around)).toBe(true);
        expect(applies({ query }, around)).toBe(false);
      }),
    );
  });
});

describe('several rules', () => {
  test('add up by id; pins first come, first served, the first redirect', () => {
    const found = matched(
      [
        {
          then: {
            pinned: [
              { id: 'a', position: 3 },
              { id: 'b', position: 1 },
            ],
            hidden: ['x'],
            filter: { brand: 'ACME' },
            data: { n: 1 },
          },
        },
        { when: { query: 'nobody asks this' }, then: { redirect: '/no' } },
        {
          then: {
            pinned: [
              { id: 'c', position: 3 },
              { id: 'a', position: 4 },
              { id: 'd', position: 2 },
            ],
            hidden: ['x', 'y'],
            boost: [{ filter: { in_stock: true }, weight: 0.5 }],
            redirect: '/first',
          },
        },
        { then: { redirect: '/second', filter: { in_stock: true }, data: null } },
      ],
      {},
    );
    const inStock = { kind: 'in', field: 'in_stock', values: [true] };
    expect(found).toEqual({
      pinned: [
        { id: 'b', position: 1 },
        { id: 'd', position: 2 },
        { id: 'a', position: 3 },
      ],
      hidden: ['x', 'y'],
      boosts: [{ filter: inStock, weight: 0.5 }],
      filter: { kind: 'and', of: [{ kind: 'in', field: 'brand', values: ['ACME'] }, inStock] },
      redirect: '/first',
      data: [{ n: 1 }, null],
      rules: ['r0', 'r2', 'r3'],
    });
  });

  test('are applied in their order, however they were found, at most fifty', () => {
    const rules = Array.from({ length: 60 }, (_, i) => ({
      when: [
        {},
        { query: 'mouse' },
        { query: 'mouse', match: 'contains' as const },
        { category: 'A' },
      ][i % 4] as RuleBody['when'],
    }));
    const found = matched(rules, { query: 'mouse', categories: ['A'] });
    expect(found.rules).toEqual(Array.from({ length: 50 }, (_, i) => `r${i}`));
  });

  test('that do not apply say nothing', () => {
    const found = matched([{ when: { query: 'x' }, then: { hidden: ['a'] } }], { query: 'y' });
    expect(found).toEqual({
      ...{ pinned: [], hidden: [], boosts: [], filter: undefined },
      ...{ redirect: undefined, data: [], rules: [] },
    });
  });
});
