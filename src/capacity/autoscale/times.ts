import { Cron } from 'croner';

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const WEEKLY = /^([A-Za-z]{3,9}) (\d{1,2}):(\d{2})$/;
const LEAST_LETTERS = 3;

/** Moments that come again and again, or once, in a time zone. */
export class Times {
  /** The last one of when it was asked last, which stays so until the next one. */
  private known = { fromMs: Infinity, lastMs: undefined as number | undefined, nextMs: 0 };

  private constructor(private readonly cron: Cron) {}

  /**
   * `Friday 00:00` (also `Fri`), a line of cron (`0 0 * * 5`), or one moment (`2026-11-27T00:00:00`).
   * @param timeZone as of the IANA; that of this process without
   */
  static of(text: string, timeZone: string | undefined): Times | { problem: string } {
    const pattern = weekly(text) ?? text;
    try {
      const zone = timeZone === undefined ? {} : { timezone: timeZone };
      const cron = new Cron(pattern, { ...zone, paused: true });
      // Croner reads the zone when it first needs it.
      cron.nextRun(new Date(0));
      return new Times(cron);
    } catch {
      const expected = 'Friday 00:00, a line of cron, or a moment such as 2026-11-27T00:00:00';
      const zone = timeZone === undefined ? '' : `, in a known time zone, ${timeZone}`;
      return { problem: `must be ${expected}${zone}, got ${JSON.stringify(text)}` };
    }
  }

  /** Epoch milliseconds of the last one up to `nowMs`; undefined: none yet. */
  lastMs(nowMs: number): number | undefined {
    const { fromMs, nextMs } = this.known;
    if (nowMs < fromMs || nowMs >= nextMs) this.known = this.around(nowMs);
    return this.known.lastMs;
  }

  private around(nowMs: number): Times['known'] {
    // That of this very second counts.
    const secondMs = Math.floor(nowMs / 1_000) * 1_000;
    const lastMs = this.cron.previousRuns(1, new Date(secondMs + 1_000))[0]?.getTime();
    const nextMs = this.cron.nextRun(new Date(secondMs))?.getTime() ?? Infinity;
    return { fromMs: secondMs, lastMs, nextMs };
  }
}

function weekly(text: string): string | undefined {
  const [, name = '', hour = '', minute = ''] = WEEKLY.exec(text) ?? [];
  if (name === '') return undefined;
  const day = DAYS.findIndex((each) => each.startsWith(name.toLowerCase()));
  if (day === -1 || name.length < LEAST_LETTERS) return undefined;
  return `${Number(minute)} ${Number(hour)} * * ${day}`;
}
