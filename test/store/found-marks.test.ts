import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { DAY_MS } from '../../src/core/days.js';
import { beginFound, endFound, foundWithin, restartFound } from '../../src/store/found-clock.js';
import { foundPosition, noteFound, readFound } from '../../src/store/found-marks.js';
import { FOUND_KIND, removeTenantRecords } from '../../src/store/tenant-records.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const T = 'shop';
/** Noon of a day, since 2026 began. */
const at = (day: number): number => Date.UTC(2026, 0, 1 + day, 12);
const numberOf = (day: number): number => Math.floor(at(day) / DAY_MS);
const note = (records: MemoryRecords, ids: readonly string[], day: number) =>
  noteFound(records, T, new Set(ids.map(foundPosition)), at(day));

test('whatever nodes note, in whatever order, nothing counts as found later or earlier than it was', async () => {
  const id = fc.nat(40).map((n) => `p${n}`);
  const notes = fc.array(fc.record({ ids: fc.array(id), day: fc.nat(700) }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(notes, fc.nat(700), async (noted, fromDay) => {
      const records = new MemoryRecords();
      await Promise.all(noted.map(({ ids, day }) => note(records, ids, day)));
      const last = new Map<string, number>();
      for (const { ids, day } of noted)
        for (const each of ids) last.set(each, Math.max(day, last.get(each) ?? 0));
      const found = await readFound(records, T, numberOf(fromDay));
      for (let n = 0; n <= 40; n++) {
        const isFound = (last.get(`p${n}`) ?? -1) >= fromDay;
        expect([n, found.has(`p${n}`)]).toEqual([n, isFound]);
      }
    }),
    { numRuns: 40 },
  );
});

test('what is noted already is not written again on its day; what is too old for any rule goes', async () => {
  const records = new MemoryRecords();
  await note(records, ['a', 'b'], 0);
  const [before] = await records.list(FOUND_KIND);
  await note(records, ['a', 'b'], 0);
  expect((await records.list(FOUND_KIND))[0]).toEqual(before);
  // Two of one record: of the first nothing is left once the second is noted two years later.
  const record = foundPosition('a') >>> 18;
  const others = Array.from({ length: 5_000 }, (_, i) => `x${i}`);
  const beside = others.find((id) => foundPosition(id) >>> 18 === record) as string;
  await note(records, [beside], 732);
  const found = await readFound(records, T, 0);
  expect([found.has('a'), found.has(beside)]).toEqual([false, true]);
});

test('four bytes a product that was found, and few that share a mark', async () => {
  const records = new MemoryRecords();
  const ids = Array.from({ length: 100_000 }, (_, i) => `sku-${i}`);
  await note(records, ids, 3);
  const stored = await records.list(FOUND_KIND);
  const bytes = stored.reduce((sum, record) => sum + JSON.stringify(record).length, 0);
  expect(stored.length).toBe(256);
  expect(bytes / ids.length).toBeLessThan(6);
  const found = await readFound(records, T, numberOf(3));
  expect(ids.every((id) => found.has(id))).toBe(true);
  const others = ids.filter((id) => found.has(`other ${id}`));
  // A hundred thousand of 67 million marks.
  expect(others.length / ids.length).toBeLessThan(0.003);
});

test('days are counted from when it began to be noted, anew where something was not', async () => {
  const records = new MemoryRecords();
  const knows = async (days: number, day: number): Promise<boolean> =>
    (await foundWithin(records, T, days, at(day))) !== undefined;
  expect(await knows(1, 40)).toBe(false);
  await restartFound(records, T, at(0));
  expect(await records.list(FOUND_KIND)).toEqual([]);
  await beginFound(records, T, at(0));
  await beginFound(records, T, at(20));
  // Of the first day a part was noted.
  expect([await knows(30, 30), await knows(30, 31)]).toEqual([false, true]);
  await note(records, ['a'], 31);
  const isFound = async (day: number) => (await foundWithin(records, T, 30, at(day)))?.has('a');
  expect([await isFound(31), await isFound(61), await isFound(62)]).toEqual([true, true, false]);
  await restartFound(records, T, at(62));
  expect([await knows(30, 92), await knows(30, 93)]).toEqual([false, true]);
  await removeTenantRecords(records, T, new AbortController().signal);
  expect(await records.list(FOUND_KIND)).toEqual([]);
});

test('of what was removed halfway nothing is known', async () => {
  const records = new MemoryRecords();
  await beginFound(records, T, at(0));
  await note(records, ['a', 'b', 'c'], 35);
  const remove = records.remove.bind(records);
  const removing = vi.spyOn(records, 'remove');
  removing.mockImplementationOnce(remove).mockImplementationOnce(remove);
  removing.mockRejectedValue(new Error('killed'));
  const { signal } = new AbortController();
  await expect(endFound(records, T, signal)).rejects.toThrow('killed');
  expect(await records.list(FOUND_KIND)).not.toEqual([]);
  expect(await foundWithin(records, T, 30, at(40))).toBeUndefined();
  removing.mockRestore();
  await endFound(records, T, signal);
  expect(await records.list(FOUND_KIND)).toEqual([]);
});
