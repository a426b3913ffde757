import { Cron } from 'croner';
import { setTimeout as sleep } from 'node:timers/promises';

/** A clock that is put right, or a machine that slept, is noticed within so long. */
const LOOK_EVERY_MS = 30_000;

/** Times as cron writes them. */
export class Schedule {
  private readonly cron: Cron;

  /** Throws for what is no schedule, or no time zone. */
  constructor(
    pattern: string,
    timeZone: string,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.cron = new Cron(pattern, { timezone: timeZone, paused: true });
    // Croner reads the zone when it first needs it.
    this.cron.nextRun(now());
  }

  /** The next time after now; undefined where there is none. */
  next(): Date | undefined {
    return this.cron.nextRun(this.now()) ?? undefined;
  }

  /** Resolves once `at` has come; rejects with the signal's reason. */
  async until(at: Date, signal: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = at.getTime() - this.now().getTime();
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, LOOK_EVERY_MS), undefined, { signal });
    }
  }
}
