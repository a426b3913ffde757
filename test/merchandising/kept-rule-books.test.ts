import pino from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { KeptRuleBooks } from '../../src/merchandising/kept-rule-books.js';
import { RuleDesk } from '../../src/merchandising/rule-desk.js';
import type { RuleBook } from '../../src/merchandising/rule-book.js';
import { tenantRecordId } from '../../src/store/tenant-records.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const limits = {
  maxRulesPerTenant: 9,
  maxSynonymsPerTenant: 9,
  maxRuleBytesPerTenant: 1_000,
};
const audit = { note: async () => undefined };

let records: MemoryRecords;
let nowMs: number;
let language: 'en' | 'none';
beforeEach(() => {
  records = new MemoryRecords();
  nowMs = 0;
  language = 'en';
});

function node() {
  const books = new KeptRuleBooks({
    records,
    settings: async () => ({ ...DEFAULT_TEXT_SETTINGS, language }),
    logger: pino({ level: 'silent' }),
    now: () => nowMs,
  });
  const desk = new RuleDesk({ records, limits, audit, forget: (tenant) => books.forget(tenant) });
  const of = (tenant = 'a') => books.of(tenant, Deadline.after(5_000));
  return { books, desk, of };
}
const rule = (id: string, query: string) => ({ id, when: { query }, then: { hidden: [id] } });
const applied = (book: RuleBook, query: string): readonly string[] =>
  book.match({ query, categories: undefined, tags: [], at: new Date() }).rules;

describe('rules in memory', () => {
  test('hold at once on the node that changes them, within a second on others', async () => {
    const [here, there] = [node(), node()];
    expect(applied(await there.of(), 'mice')).toEqual([]);
    await here.desk.put('rule', 'a', rule('r', 'mouse'), null);
    expect(applied(await here.of(), 'mice')).toEqual(['r']);
    expect(applied(await there.of(), 'mice')).toEqual([]);
    nowMs += 1_000;
    expect(applied(await there.of(), 'mice')).toEqual(['r']);
    expect(applied(await there.of('b'), 'mice')).toEqual([]);
    await here.desk.remove('rule', 'a', 'r', null);
    nowMs += 1_000;
    expect(applied(await there.of(), 'mice')).toEqual([]);
  });

  test('cost one read a second where nothing changed', async () => {
    const { desk, of } = node();
    await desk.put('rule', 'a', rule('r', 'mouse'), null);
    await of();
    nowMs += 20_000;
    // What was under way when it was read is done by now, one way or the other.
    await of();
    const before = records.reads;
    for (let i = 0; i < 10; i++) {
      nowMs += 1_000;
      await Promise.all([of(), of(), of()]);
    }
    expect(records.reads - before).toBe(10);
  });

  test('have a version that all nodes agree on, and that each change changes', async () => {
    const [here, there] = [node(), node()];
    const seen = new Set<string>();
    const next = async (): Promise<void> => {
      nowMs += 1_000;
      const { version } = await here.of();
      expect((await there.of()).version).toBe(version);
      expect(seen.has(version)).toBe(false);
      seen.add(version);
    };
    await next();
    await here.desk.put('rule', 'a', rule('r', 'mouse'), null);
    await next();
    await here.desk.put('rule', 'a', rule('r', 'pad'), null);
    await next();
    await here.desk.put('synonym', 'a', { id: 'r', words: ['a', 'b'] }, null);
    await next();
    await here.desk.put('synonym', 'a', { id: 'r', words: ['a', 'c'] }, null);
    await next();
  });

  test('are made anew with the language of their tenant', async () => {
    const { desk, of } = node();
    await desk.put('rule', 'a', rule('r', 'mouse'), null);
    expect(applied(await of(), 'mice')).toEqual(['r']);
    language = 'none';
    nowMs += 1_000;
    expect(applied(await of(), 'mice')).toEqual([]);
  });

  test('of a writer that died half way are seen by all nodes alike, in the end', async () => {
    const [here, there] = [node(), node()];
    await here.desk.put('rule', 'a', rule('r', 'mouse'), null);
    let dies = false;
    const dying = new RuleDesk({
      records: new Proxy(records, {
        get: (of, name: keyof MemoryRecords) =>
          name !== 'put'
            ? Reflect.get(of, name)
            : async (...args: Parameters<MemoryRecords['put']>) => {
                if (dies) throw new Error('died');
                if (args[0] !== 'rule') return of.put(...args);
                // Others read what is there before it is written.
                nowMs += 1_000;
                await there.of();
                dies = true;
                return of.put(...args);
              },
      }),
      limits,
      audit,
      forget: () => undefined,
    });
    await expect(dying.put('rule', 'a', rule('s', 'mouse'), null)).rejects.toThrow('died');
    nowMs += 1_000;
    expect(applied(await there.of(), 'mouse')).toEqual(['r']);
    nowMs += 10_000;
    expect(applied(await there.of(), 'mouse')).toEqual(['r', 's']);
  });

  test('stay as they were while the store does not tell', async () => {
    const { desk, of } = node();
    await desk.put('rule', 'a', rule('r', 'mouse'), null);
    await of();
    records.get = async () => {
      throw new Error('away');
    };
    nowMs += 1_000;
    expect(applied(await of(), 'mouse')).toEqual(['r']);
    await expect(of('b')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('are read once at a time, however many change and ask', async () => {
    const { desk, of } = node();
    const list = records.list.bind(records);
    let [running, most, lists] = [0, 0, 0];
    records.list = async (...args) => {
      if (args[0] === 'rule') lists += 1;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return list(...args);
    };
    for (let i = 0; i < 9; i++) {
      await desk.put('rule', 'a', rule(`r${i}`, 'mouse'), null);
      for (let k = 0; k < 5; k++) void of();
    }
    expect(applied(await of(), 'mouse')).toHaveLength(9);
    expect(most).toBe(1);
    // Two lists are one reading: the second is empty.
    expect(lists).toBeLessThanOrEqual(2 * 10);
  });

  test('that nothing understands any more are left out', async () => {
    const { desk, of } = node();
    await desk.put('rule', 'a', rule('r', 'mouse'), null);
    const odd = { id: 'q', when: {}, then: { filter: { price: 'x' } } };
    await records.put('rule', tenantRecordId('a', 'q'), odd, 0);
    expect(applied(await of(), 'mouse')).toEqual(['r']);
  });

  test('as drafts take the place of stored ones, and are stored nowhere', async () => {
    const { books, desk, of } = node();
    await desk.put('rule', 'a', rule('b', 'mouse'), null);
    await desk.put('rule', 'a', rule('c', 'mouse'), null);
    const drafts = [rule('c', 'pad'), rule('a', 'mouse')];
    const draft = await books.draft('a', drafts);
    expect(applied(draft, 'mouse')).toEqual(['a', 'b']);
    expect(applied(draft, 'pad')).toEqual(['c']);
    expect(draft.version).not.toBe((await of()).version);
    expect(applied(await of(), 'mouse')).toEqual(['b', 'c']);
  });

  test('are bounded in bytes together', async () => {
    const { desk } = node();
    const large = { id: 'r', when: {}, then: { data: 'x'.repeat(900) } };
    await desk.put('rule', 'a', large, null);
    await desk.put('rule', 'a', large, null);
    const more = desk.put('synonym', 'a', { id: 's', words: ['a'.repeat(90), 'b'] }, null);
    await expect(more).rejects.toThrow(
      '1000 bytes of rules and synonyms (MAX_RULE_BYTES_PER_TENANT)',
    );
    await desk.remove('rule', 'a', 'r', null);
    await desk.put('synonym', 'a', { id: 's', words: ['a'.repeat(90), 'b'] }, null);
  });
});
