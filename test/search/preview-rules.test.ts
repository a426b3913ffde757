import pino from 'pino';
import { expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { MATCH_ALL } from '../../src/filter/filter.js';
import { parseFilter } from '../../src/filter/parse-filter.js';
import { KeptRuleBooks } from '../../src/merchandising/kept-rule-books.js';
import type { RuleBody } from '../../src/merchandising/rule.js';
import { tenantRecordId } from '../../src/store/tenant-records.js';
import { RuleDesk } from '../../src/merchandising/rule-desk.js';
import { RulePreview, type PreviewRequest } from '../../src/search/preview-rules.js';
import {
  Hit,
  PLAIN_REPLY,
  type SearchReply,
  type SearchRequest,
} from '../../src/search/search-types.js';
import { DEFAULT_TEXT_SETTINGS } from '../../src/text/default-settings.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const limits = {
  maxRulesPerTenant: 9,
  maxSynonymsPerTenant: 9,
  maxRuleBytesPerTenant: 10_000,
};

/** A search of one product a query, behind what its rules pin. */
class PinningSearch {
  asked: string[] = [];
  missing: SearchReply['missing'] = [];

  search = async (request: SearchRequest): Promise<SearchReply> => {
    const query = request.query as string;
    this.asked.push(query);
    if (query === 'broken') throw new Error('broken');
    const found = request.book?.match({
      ...{ query, categories: undefined, tags: request.shop?.tags ?? [], at: new Date() },
    });
    const ids = [...(found?.pinned ?? []).map(({ id }) => id), `hit of ${query}`];
    return {
      hits: ids.map((id) => new Hit(id, 1, '{}')),
      ...{ tookMs: 0, timingsMs: { embed: 0, search: 0, join: 0 }, embedding: undefined },
      ...{ model: 'm', missing: this.missing, coverage: undefined, through: undefined },
      ...{ unknownFields: [], explanation: undefined },
      ...{ text: undefined, shop: { ...PLAIN_REPLY, total: ids.length } },
    };
  };
}

async function previewOf(stored: RuleBody[], more: Partial<PreviewRequest>) {
  const records = new MemoryRecords();
  const books = new KeptRuleBooks({
    records,
    settings: async () => DEFAULT_TEXT_SETTINGS,
    logger: pino({ level: 'silent' }),
  });
  const audit = { note: async () => undefined };
  const desk = new RuleDesk({ records, limits, audit, forget: (tenant) => books.forget(tenant) });
  for (const rule of stored) await desk.put('rule', 'a', rule, null);
  const search = new PinningSearch();
  const preview = new RulePreview({
    books,
    queries: { top: async (tenant, limit) => [`top of ${tenant}`, 'mouse', 'x'].slice(0, limit) },
  });
  const found = (request: Partial<PreviewRequest> = {}) =>
    preview.run(
      {
        ...{ tenant: 'a', rules: [], queries: undefined, limit: 10, filter: MATCH_ALL },
        ...{ tags: [], at: new Date(), deadline: Deadline.after(5_000) },
        ...{ ...more, ...request },
      },
      search.search,
    );
  return { found, search, records };
}
const pinning = (id: string, query: string, product: string): RuleBody => ({
  id,
  when: { query },
  then: { pinned: [{ id: product, position: 1 }] },
});

test('of what was asked for most, those are told whose answers would change', async () => {
  const { found, search, records } = await previewOf([pinning('a', 'x', 'p')], {});
  expect(await found({ rules: [pinning('b', 'mouse', 'q')] })).toEqual({
    queries: 3,
    changed: [
      {
        query: 'mouse',
        before: ['hit of mouse'],
        after: ['q', 'hit of mouse'],
        ...{ rules: ['b'], redirect: undefined },
      },
    ],
    unknown: 0,
  });
  // Nothing is searched for that the rules do not touch, and nothing is stored.
  expect(search.asked).toEqual(['mouse', 'mouse']);
  expect(await records.get('rule', tenantRecordId('a', 'b'))).toBeUndefined();
});

test('a draft takes the place of the stored rule of its id', async () => {
  const { found } = await previewOf([pinning('a', 'x', 'p')], { queries: ['x', 'y', 'x'] });
  const { queries, changed } = await found({ rules: [pinning('a', 'y', 'p')] });
  expect(queries).toBe(2);
  expect(changed.map(({ query, before, after, rules }) => [query, before, after, rules])).toEqual([
    ['x', ['p', 'hit of x'], ['hit of x'], []],
    ['y', ['hit of y'], ['p', 'hit of y'], ['a']],
  ]);
  expect((await found({ rules: [pinning('a', 'x', 'p')] })).changed).toEqual([]);
  const moved = { ...pinning('a', 'x', 'p'), then: { redirect: '/sale' } };
  expect((await found({ rules: [moved] })).changed[0]?.redirect).toBe('/sale');
});

test('a rule that changes nothing of the first hits, or none of these queries, is no change', async () => {
  const { found, search } = await previewOf([], { queries: ['x'] });
  const hiding = { id: 'a', when: { query: 'x' }, then: { hidden: ['nobody finds it'] } };
  expect((await found({ rules: [hiding] })).changed).toEqual([]);
  expect(search.asked).toHaveLength(2);
  const elsewhere = { ...hiding, when: { query: 'x', category: 'Mice' } };
  await found({ rules: [elsewhere] });
  expect(search.asked).toHaveLength(2);
  await found({ rules: [elsewhere], filter: parseFilter({ category: 'Mice' }) });
  expect(search.asked).toHaveLength(4);
});

test('a campaign that is to come is seen at its time', async () => {
  const { found } = await previewOf([], { queries: ['x'] });
  const rule = pinning('a', 'x', 'p');
  rule.when = { query: 'x', from: '2100-01-01T00:00:00Z' };
  expect((await found({ rules: [rule] })).changed).toEqual([]);
  const at = new Date('2100-01-01T00:00:00Z');
  expect((await found({ rules: [rule], at })).changed[0]?.after).toEqual(['p', 'hit of x']);
});

test('what fails, misses something or has no time left is unknown', async () => {
  const { found, search } = await previewOf([], { queries: ['broken', 'x'] });
  const rules = [pinning('a', 'broken', 'p'), pinning('b', 'x', 'p')];
  expect(await found({ rules })).toMatchObject({ unknown: 1, changed: [{ query: 'x' }] });
  search.missing = [{ part: 'shard', shard: 's1', reason: 'timeout' }];
  expect(await found({ rules })).toMatchObject({ unknown: 2, changed: [] });
});
