import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import type { Store } from '../../src/store/store.js';
import { UsageDay } from '../../src/tenancy/usage-day.js';
import { UsageMeter } from '../../src/tenancy/usage-meter.js';
import { MemoryRecords } from './memory-records.js';

const STORED = { products: 3, categories: 2, fields: 4, bytes: 500 };

function storeOf(records: MemoryRecords): Pick<Store, 'records' | 'usage'> {
  return { records, usage: async () => STORED };
}

const logger = createLogger('silent', 'test');

test('several nodes add to one day, and days that are too old go', async () => {
  const records = new MemoryRecords();
  let today = new Date('2025-01-01T10:00:00Z');
  const meters = [1, 2, 3].map(
    () => new UsageMeter({ store: storeOf(records), logger, today: () => today }),
  );
  meters[0]?.searched('a', 5);
  await meters[0]?.flush();
  today = new Date('2026-11-29T23:59:59Z');
  for (const meter of meters) {
    for (let i = 0; i < 10; i++) meter.searched('a', 40);
    meter.count('a', 'writes', 2);
    meter.count('b', 'failed', 1);
  }
  await Promise.all(meters.map((meter) => meter.flush()));
  const stored = await records.list('usage');
  expect(stored.map(({ id }) => id)).toEqual(['a/2026-11-29', 'b/2026-11-29']);
  const [a, b] = stored.map(({ value }) => UsageDay.parse(value));
  expect(a?.figures).toEqual({ searches: 30, failed: 0, limited: 0, writes: 6, embeds: 0 });
  expect(a?.stored).toEqual(STORED);
  expect(a?.availability).toBe(1);
  expect(b?.availability).toBe(0);
  const reads = records.reads;
  await Promise.all(meters.map((meter) => meter.flush()));
  expect(records.reads).toBe(reads);
});

test('counts wait for a store that is away no longer than until the next ones', async () => {
  const records = new MemoryRecords();
  const meter = new UsageMeter({
    store: { ...storeOf(records), usage: () => Promise.reject(new Error('away')) },
    logger,
  });
  meter.searched('a', 1);
  await meter.close();
  expect(await records.list('usage')).toEqual([]);
  meter.searched('a', 1);
  expect(meter.unwritten('a')).toBeUndefined();
});

test('the 95th percentile lies within the bounds of the search that it is', () => {
  const bounds = [0, 1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000];
  const times = fc.array(fc.double({ min: 0.01, max: 1_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(times, times, (some, others) => {
      const [one, other] = [new UsageDay(), new UsageDay()];
      for (const ms of some) one.searched(ms);
      for (const ms of others) other.searched(ms);
      const sum = UsageDay.parse(one.toJson());
      sum.add(UsageDay.parse(other.toJson()));
      const all = [...some, ...others].sort((a, b) => a - b);
      const exact = all[Math.ceil(all.length * 0.95) - 1] ?? 0;
      const at = bounds.findIndex((bound) => exact <= bound);
      expect(sum.p95Ms).toBeGreaterThanOrEqual(bounds[at - 1] ?? 0);
      expect(sum.p95Ms).toBeLessThanOrEqual(bounds[at] ?? 0);
      expect(sum.figures.searches).toBe(all.length);
    }),
  );
});
