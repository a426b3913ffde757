import { DAY_MS } from '../core/days.js';

/** For how many days, weeks and months one backup each stays. */
export interface KeptAges {
  days: number;
  weeks: number;
  months: number;
}

/** A backup as far as its age matters. */
export interface AgedBackup {
  name: string;
  at: Date;
  /** What it goes on from. */
  base: string | undefined;
}

const WEEK_DAYS = 7;
/** 1970-01-01 was a Thursday: weeks begin on Mondays. */
const MONDAY_SHIFT = 3;

/** Of `7d,4w,12m`; what it does not name is none. */
export function keptAges(text: string): KeptAges {
  const of = (unit: string): number => {
    const parts = text.split(',').filter((part) => part.endsWith(unit));
    return Math.max(0, ...parts.map((part) => Number(part.slice(0, -1))));
  };
  return { days: of('d'), weeks: of('w'), months: of('m') };
}

/**
 * Names of the backups to remove: all but the last of each of the latest days, weeks and months that have any, and what
 * those that stay go on from. The latest always stays.
 */
export function tooOld(backups: readonly AgedBackup[], ages: KeptAges): string[] {
  const latestFirst = [...backups].sort((a, b) => b.at.getTime() - a.at.getTime());
  const kept = new Set(latestFirst.slice(0, 1).map(({ name }) => name));
  const keepLastOfEach = (count: number, periodOf: (at: Date) => string): void => {
    const periods = new Set<string>();
    for (const { name, at } of latestFirst) {
      const period = periodOf(at);
      if (periods.has(period)) continue;
      if (periods.size >= count) return;
      periods.add(period);
      kept.add(name);
    }
  };
  keepLastOfEach(ages.days, (at) => String(dayNumber(at)));
  keepLastOfEach(ages.weeks, (at) =>
    String(Math.floor((dayNumber(at) + MONDAY_SHIFT) / WEEK_DAYS)),
  );
  keepLastOfEach(ages.months, (at) => at.toISOString().slice(0, 'YYYY-MM'.length));
  const needed = withBases(kept, backups);
  return backups.map(({ name }) => name).filter((name) => !needed.has(name));
}

function dayNumber(at: Date): number {
  return Math.floor(at.getTime() / DAY_MS);
}

/** With all that they go on from. */
function withBases(names: ReadonlySet<string>, backups: readonly AgedBackup[]): Set<string> {
  const bases = new Map(backups.map(({ name, base }) => [name, base]));
  const needed = new Set<string>();
  for (const name of names) {
    for (let each: string | undefined = name; each !== undefined && !needed.has(each);) {
      needed.add(each);
      each = bases.get(each);
    }
  }
  return needed;
}
