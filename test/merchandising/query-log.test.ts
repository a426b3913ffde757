import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { analyticsOf } from '../../src/merchandising/analytics.js';
import { QUERIES_KIND, QueryDays } from '../../src/merchandising/query-days.js';
import { intentOf, intentOfQuery, newQueryId } from '../../src/merchandising/query-id.js';
import { QueryLog } from '../../src/merchandising/query-log.js';
import { Suggestions } from '../../src/merchandising/suggestions.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import type { Store } from '../../src/store/store.js';
import { removeTenantRecords } from '../../src/store/tenant-records.js';

let dir: string;
let store: Store;
let nowMs: number;
let today: Date;
const logger = pino({ level: 'silent' });

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'query-log-'));
  store = await openLmdbStore({ dir });
  nowMs = 0;
  today = new Date('2026-11-28T12:00:00Z');
});

afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

function openLog(): QueryLog {
  return new QueryLog({ records: store.records, logger, now: () => nowMs, today: () => today });
}

function daysOf(log: QueryLog): QueryDays {
  return new QueryDays(store.records, log, () => today);
}

function ask(log: QueryLog, text: string, total: number, tenant = 'shop'): string {
  log.answered(tenant, { text, total, isTyping: false });
  nowMs += 5_000;
  return newQueryId(text);
}

it('a query id tells the intent, whatever blanks and case, and is a UUID', () => {
  const id = newQueryId('  Wireless   Mouse ');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(intentOfQuery(id)).toBe(intentOf('wireless mouse'));
  expect(newQueryId('mouse')).not.toBe(newQueryId('mouse'));
  expect(intentOfQuery('x')).toBeUndefined();
});

it('counts queries and what became of them, by tenant; a second click of one search is none', async () => {
  const log = openLog();
  const first = ask(log, 'Mouse', 3);
  ask(log, 'mouse', 3);
  ask(log, 'unicorn', 0);
  ask(log, 'desk', 1, 'other');
  const click = { type: 'click', queryId: first, id: 'p1' } as const;
  log.happened('shop', { ...click, position: 2 });
  log.happened('shop', { ...click, position: 4 });
  log.happened('shop', { type: 'purchase', queryId: first, id: 'p1' });
  await log.flush(true);

  const analytics = analyticsOf(await daysOf(log).of('shop', 30), 30, 10);
  expect(analytics).toMatchObject({
    ...{ searches: 3, no_result_rate: 0.3333, click_through_rate: 0.3333 },
    ...{ average_click_position: 3, conversion_rate: 0.3333 },
    no_result_queries: [{ text: 'unicorn', count: 1 }],
  });
  expect(analytics.top_queries.map(({ text, count }) => [text, count])).toEqual([
    ['Mouse', 2],
    ['unicorn', 1],
  ]);
  expect(analytics.top_queries[0]).toMatchObject({ click_through_rate: 0.5, conversion_rate: 0.5 });
});

it('the sum of days that are over is another node’s, what was asked today and yesterday is never', async () => {
  const shelf = new Map<string, Buffer>();
  const shared = {
    get: async (key: string) => shelf.get(key),
    set: (key: string, value: Buffer) => void shelf.set(key, value),
  };
  const log = openLog();
  const searches = async (days: number): Promise<number> => {
    const node = new QueryDays(store.records, log, () => today, shared);
    return (await node.of('shop', days)).all.searches;
  };
  const day = (date: string): void => void (today = new Date(`${date}T12:00:00Z`));
  for (const date of ['2026-11-20', '2026-11-27', '2026-11-28']) {
    day(date);
    ask(log, 'mouse', 3);
    await log.flush(true);
  }
  expect(await searches(30)).toBe(3);
  expect(shelf.size).toBe(1);
  // Today and yesterday are counted as the store has them.
  ask(log, 'desk', 1);
  await log.flush(true);
  expect([await searches(30), await searches(7), await searches(2), await searches(1)]).toEqual([
    ...[4, 3, 3, 2],
  ]);
  for (const key of shelf.keys()) {
    const all = [100, 0, 0, 0, 0, 0];
    shelf.set(key, Buffer.from(JSON.stringify({ all, queries: {} })));
  }
  expect(await searches(30)).toBe(103);
  for (const key of shelf.keys()) shelf.set(key, Buffer.from('no JSON'));
  expect(await searches(30)).toBe(4);
  // A tenant of the same name that came later has nothing of what was shared before.
  for (const born of ['2026-11-28T12:00:00Z', '2026-11-28T12:00:01Z']) {
    const { revision = 0 } = (await store.records.get('tenant', 'shop')) ?? {};
    await store.records.put('tenant', 'shop', { created_at: born }, revision);
    const known = shelf.size;
    expect(await searches(30)).toBe(4);
    expect(shelf.size).toBe(known + 1);
  }
});

it('counts of several nodes and days are added; what is not written yet is known to its node', async () => {
  const [a, b] = [openLog(), openLog()];
  ask(a, 'mouse', 1);
  ask(b, 'mouse', 1);
  await Promise.all([a.close(), b.close()]);
  today = new Date('2026-11-29T12:00:00Z');
  const c = openLog();
  ask(c, 'mouse', 1);
  expect((await daysOf(c).of('shop', 30)).all.searches).toBe(3);
  expect((await daysOf(c).of('shop', 1)).all.searches).toBe(1);
  expect(await daysOf(c).top('shop', 5)).toEqual(['mouse']);
});

it('days that are too old are forgotten by the first search of a day, all of them with the tenant', async () => {
  const log = openLog();
  ask(log, 'mouse', 1);
  ask(log, 'mouse', 1, 'shop-2');
  await log.flush(true);
  today = new Date('2027-03-01T12:00:00Z');
  ask(log, 'desk', 1);
  await log.flush(true);
  const ids = async (): Promise<string[]> =>
    (await store.records.list(QUERIES_KIND, undefined, 100)).map(({ id }) => id);
  expect(await ids()).toEqual(['shop-2/2026-11-28', 'shop/2027-03-01']);
  await removeTenantRecords(store.records, 'shop', new AbortController().signal);
  expect(await ids()).toEqual(['shop-2/2026-11-28']);
});

it('suggests what was answered with products, by the beginning of a text or of a word', async () => {
  const log = openLog();
  ask(log, 'wireless mouse', 5);
  ask(log, 'wireless mouse', 5);
  ask(log, 'mouse pad', 5);
  ask(log, 'Müsli', 1);
  ask(log, 'mouse unicorn', 0);
  const categories = async () => [
    { category: 'Mice & Mousepads', products: 7 },
    { category: 'Desks', products: 2 },
  ];
  const suggestions = new Suggestions({ days: daysOf(log), store: { categories } });
  expect(await suggestions.queries('shop', 'mou', 5)).toEqual([
    { text: 'mouse pad', count: 1 },
    { text: 'wireless mouse', count: 2 },
  ]);
  expect((await suggestions.queries('shop', 'mus', 5)).map(({ text }) => text)).toEqual(['Müsli']);
  expect(await suggestions.queries('shop', 'ouse', 5)).toEqual([]);
  expect(await suggestions.categories('shop', 'mouse', 5)).toEqual([
    { category: 'Mice & Mousepads', products: 7 },
  ]);
});
