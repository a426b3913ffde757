import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DAY_MS, dayNumber } from '../../src/core/days.js';
import { createLogger } from '../../src/core/logger.js';
import { beginFound, foundWithin } from '../../src/store/found-clock.js';
import { readFound } from '../../src/store/found-marks.js';
import { FOUND_KIND } from '../../src/store/tenant-records.js';
import { FoundLog } from '../../src/tenancy/found-log.js';
import { newRecord } from '../../src/tenancy/tenant-record.js';
import { MemoryRecords } from './memory-records.js';

const FLUSH_MS = 5 * 60_000;
const RULES: Record<string, object | undefined> = {
  shop: { warm: { found_days: 30 } },
  other: { cold: { found_days: 90 }, warm: null },
  age: { warm: { updated_days: 30 }, cold: {} },
  never: { cold: { found_days: 0 } },
};

let records: MemoryRecords;
let log: FoundLog;
beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(new Date('2026-11-29T23:58:00Z'));
  records = new MemoryRecords();
  log = open();
});
afterEach(() => void vi.useRealTimers());

function open(): FoundLog {
  const known = (tenant: string) => {
    const tiers = RULES[tenant];
    return { ...newRecord(tenant), settings: tiers === undefined ? {} : { tiers: { ...tiers } } };
  };
  return new FoundLog({ records, tenants: { known }, logger: createLogger('silent', 'test') });
}

const hits = (...ids: string[]) => ids.map((id) => ({ id }));
const isFound = async (tenant: string, ...ids: string[]): Promise<boolean[]> => {
  const found = await readFound(records, tenant, dayNumber(Date.now()));
  return ids.map((id) => found.has(id));
};

test('what searches return is noted every few minutes, for tenants whose rule goes by it alone', async () => {
  for (const tenant of [...Object.keys(RULES), 'none']) log.returned(tenant, hits('a'));
  log.returned('shop', [{ id: 'b', extras: { group: { hits: hits('b', 'c') } } }]);
  log.returned('shop', []);
  await vi.advanceTimersByTimeAsync(FLUSH_MS - 1);
  expect(records.reads).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  const tenants = (await records.list(FOUND_KIND)).map(({ id }) => id.split('/')[0]);
  expect([...new Set(tenants)]).toEqual(['other', 'shop']);
  expect(await isFound('shop', 'a', 'b', 'c', 'd')).toEqual([true, true, true, false]);
  expect(await isFound('other', 'a', 'b')).toEqual([true, false]);
  const { reads } = records;
  await vi.advanceTimersByTimeAsync(DAY_MS);
  expect(records.reads).toBe(reads);
});

test('several nodes note at once, and what a node has is written before it ends', async () => {
  const nodes = [log, open(), open()];
  nodes.forEach((node, i) =>
    node.returned('shop', hits(...Array.from({ length: 500 }, (_, n) => `p${n * 3 + i}`))),
  );
  await Promise.all(nodes.map((node) => node.close()));
  const ids = Array.from({ length: 1_500 }, (_, n) => `p${n}`);
  expect(new Set(await isFound('shop', ...ids))).toEqual(new Set([true]));
  log.returned('shop', hits('late'));
  expect(vi.getTimerCount()).toBe(0);
});

test('what a store did not take is noted once it does', async () => {
  const put = vi.spyOn(records, 'put').mockRejectedValue(new Error('away'));
  log.returned('shop', hits('a'));
  await log.flush();
  log.returned('shop', hits('b'));
  put.mockRestore();
  await log.flush();
  expect(await isFound('shop', 'a', 'b')).toEqual([true, true]);
});

test('what a store did not take is tried again at its time, though nothing more is found', async () => {
  const put = vi.spyOn(records, 'put').mockRejectedValue(new Error('away'));
  log.returned('shop', hits('a'));
  await vi.advanceTimersByTimeAsync(FLUSH_MS);
  put.mockRestore();
  expect(await isFound('shop', 'a')).toEqual([false]);
  await vi.advanceTimersByTimeAsync(FLUSH_MS);
  expect(await isFound('shop', 'a')).toEqual([true]);
  expect(vi.getTimerCount()).toBe(0);
});

test('of more than is kept the first are written at once; what was lost has days be counted anew', async () => {
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => ({ id: `p${from + n}` }));
  await beginFound(records, 'shop', Date.now() - 40 * DAY_MS);
  await beginFound(records, 'other', Date.now() - 40 * DAY_MS);
  const knows = async (tenant: string) =>
    (await foundWithin(records, tenant, 30, Date.now())) !== undefined;
  log.returned('shop', many(0, 101_000));
  await vi.advanceTimersByTimeAsync(0);
  expect((await records.list(FOUND_KIND)).length).toBeGreaterThan(200);
  await log.flush();
  expect(await isFound('shop', 'p0', 'p90000')).toEqual([true, true]);
  const put = vi.spyOn(records, 'put').mockRejectedValue(new Error('away'));
  log.returned('shop', many(200_000, 451_000));
  log.returned('other', hits('a'));
  await log.flush();
  expect([await knows('shop'), await knows('other')]).toEqual([true, true]);
  put.mockRestore();
  await log.flush();
  expect([await knows('shop'), await knows('other')]).toEqual([false, false]);
  expect(await isFound('shop', 'p200000', 'p440000')).toEqual([true, true]);
}, 60_000);
