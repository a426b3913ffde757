import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RecordStore } from '../../src/store/record-store.js';
import { AuditLog, type AuditEntry } from '../../src/tenancy/audit-log.js';
import { MemoryRecords } from './memory-records.js';

const DAY_MS = 86_400_000;
const change = (target: string) => ({
  ...{ by: null, kind: 'rule', target, before: undefined },
  after: { n: target },
});
const targets = (entries: readonly AuditEntry[]): string[] => entries.map(({ target }) => target);

/** The first entry that is not what was written, or does not follow on the one before. */
function broken(entries: readonly AuditEntry[]): number {
  return entries.findIndex(({ hash, ...entry }, i) => {
    const own = createHash('sha256').update(JSON.stringify(entry)).digest('hex');
    return hash !== own || (i > 0 && entry.previous !== entries[i - 1]?.hash);
  });
}

test('entries of several writers at once are one chain', async () => {
  const records = new MemoryRecords();
  const [one, other] = [new AuditLog(records), new AuditLog(records)];
  const noted = Array.from({ length: 20 }, (_, i) =>
    (i % 2 === 0 ? one : other).note('shop', change(String(i))),
  );
  await Promise.all(noted);
  const entries = await new AuditLog(records).list('shop', undefined, 100);
  expect(entries).toHaveLength(20);
  expect(broken(entries)).toBe(-1);
  expect(entries[0]?.previous).toBeNull();
  expect(await new AuditLog(records).list('other', undefined, 100)).toEqual([]);
});

test('an entry that is changed, added or left out breaks it', async () => {
  const records = new MemoryRecords();
  const log = new AuditLog(records);
  for (const target of ['a', 'b', 'c', 'd']) await log.note('shop', change(target));
  const entries = await log.list('shop', undefined, 100);
  const [, second, third] = entries as [AuditEntry, AuditEntry, AuditEntry, AuditEntry];
  expect(broken(entries.map((one) => (one === second ? { ...one, by: 'x' } : one)))).toBe(1);
  expect(broken(entries.filter((one) => one !== third))).toBe(2);
  expect(broken([...entries.slice(0, 2), second, ...entries.slice(2)])).toBe(2);
});

test('what a writer has begun and not ended is there all the same', async () => {
  const memory = new MemoryRecords();
  let isDying = false;
  const records = Object.create(memory, {
    put: {
      value: (...put: Parameters<RecordStore['put']>) => {
        if (isDying && put[0] === 'audit entry') throw new Error('killed');
        return memory.put(...put);
      },
    },
  }) as RecordStore;
  const dying = new AuditLog(records);
  const other = new AuditLog(memory);
  await dying.note('shop', change('a'));
  isDying = true;
  await expect(dying.note('shop', change('b'))).rejects.toThrow('killed');
  expect(targets(await other.list('shop', undefined, 100))).toEqual(['a', 'b']);
  await expect(dying.note('shop', change('c'))).rejects.toThrow('killed');
  await other.note('shop', change('d'));
  const entries = await other.list('shop', undefined, 100);
  expect(targets(entries)).toEqual(['a', 'b', 'c', 'd']);
  expect(broken(entries)).toBe(-1);
});

test('entries go after a year, and those that follow are a chain still', async () => {
  let nowMs = Date.parse('2030-01-01T00:00:00Z');
  const log = new AuditLog(new MemoryRecords(), () => nowMs);
  for (let day = 0; day < 400; day++) {
    await log.note('shop', change(String(day)));
    nowMs += DAY_MS;
  }
  const entries = await log.list('shop', undefined, 1_000);
  expect(entries.length).toBeGreaterThanOrEqual(365);
  expect(entries.length).toBeLessThan(385);
  expect(entries.at(-1)?.target).toBe('399');
  expect(broken(entries)).toBe(-1);
});

test('a chain begins behind entries of before there were hashes', async () => {
  const records = new MemoryRecords();
  await records.put('audit', 'shop/counter', {}, 0);
  const old = { at: '2026-01-01T00:00:00Z', by: null, kind: 'rule', target: 'old' };
  await records.put('audit entry', 'shop/000000000001', { ...old, before: null, after: null }, 0);
  const log = new AuditLog(records);
  await log.note('shop', change('new'));
  const entries = await log.list('shop', undefined, 10);
  expect(targets(entries)).toEqual(['old', 'new']);
  expect(entries[1]).toMatchObject({ id: '000000000002', previous: null });
});
