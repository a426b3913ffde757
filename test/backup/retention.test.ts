import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keptAges, tooOld, type AgedBackup } from '../../src/backup/retention.js';

const DAY_MS = 86_400_000;

/** Backups at random times, some of which go on from one before. */
const backups = fc
  .array(fc.tuple(fc.nat(400 * 24), fc.nat(3)), { minLength: 1, maxLength: 60 })
  .map((drawn) => {
    const hours = [...new Set(drawn.map(([hour]) => hour))].sort((a, b) => a - b);
    return hours.map((hour, i): AgedBackup => {
      const isFull = i === 0 || (drawn[i]?.[1] ?? 0) === 0;
      const at = new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000);
      return { name: `b${i}`, at, base: isFull ? undefined : `b${i - 1}` };
    });
  });
const ages = fc.record({ days: fc.nat(9), weeks: fc.nat(6), months: fc.nat(14) });

describe('retention', () => {
  it('reads what is asked for', () => {
    expect(keptAges('7d,4w,12m')).toEqual({ days: 7, weeks: 4, months: 12 });
    expect(keptAges('3d')).toEqual({ days: 3, weeks: 0, months: 0 });
  });

  it('never takes what a backup that stays goes on from, nor the latest', () => {
    fc.assert(
      fc.property(backups, ages, (all, kept) => {
        const removed = new Set(tooOld(all, kept));
        expect(removed.has(all.at(-1)?.name ?? '')).toBe(false);
        for (const { name, base } of all) {
          if (!removed.has(name) && base !== undefined) expect(removed.has(base)).toBe(false);
        }
      }),
    );
  });

  it('keeps one of each of the latest days that have any, and so of weeks and months', () => {
    fc.assert(
      fc.property(backups, fc.integer({ min: 1, max: 9 }), (all, days) => {
        const removed = new Set(tooOld(all, { days, weeks: 0, months: 0 }));
        const dayOf = ({ at }: AgedBackup) => Math.floor(at.getTime() / DAY_MS);
        const latest = [...new Set(all.map(dayOf))].sort((a, b) => b - a).slice(0, days);
        for (const day of latest) {
          const last = all.filter((each) => dayOf(each) === day).at(-1);
          expect(removed.has(last?.name ?? '')).toBe(false);
        }
      }),
    );
  });

  it('done again removes nothing more', () => {
    fc.assert(
      fc.property(backups, ages, (all, kept) => {
        const removed = new Set(tooOld(all, kept));
        const left = all.filter(({ name }) => !removed.has(name));
        expect(tooOld(left, kept)).toEqual([]);
      }),
    );
  });
});
