import { performance } from 'node:perf_hooks';

const WINDOW_MS = 60_000;
/** More is not known of when it was how busy. */
const SAMPLE_EVERY_MS = 1_000;

/** How long a thread has been at work and at rest, in milliseconds since it began. */
interface Times {
  active: number;
  idle: number;
}

/**
 * How busy the event loop of this thread was over the last minute: work of other threads, such as building, does not
 * count. Measured whenever it is asked for, so it is to be asked about each second.
 */
export class BusyShare {
  private samples: (Times & { atMs: number })[] = [];

  /** @param now monotonic, milliseconds; injectable, as `times` is, for virtual clocks */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly times: () => Times = () => performance.eventLoopUtilization(),
  ) {
    this.samples.push({ ...this.times(), atMs: this.now() });
  }

  /** From 0 to 1; undefined before the first minute is over. */
  share(): number | undefined {
    const atMs = this.now();
    const { active, idle } = this.times();
    // The last one that is a minute old or more is what is compared with.
    const from = this.samples.findLastIndex((sample) => atMs - sample.atMs >= WINDOW_MS);
    if (from > 0) this.samples.splice(0, from);
    const [oldest] = this.samples;
    const last = this.samples.at(-1);
    if (last === undefined || atMs - last.atMs >= SAMPLE_EVERY_MS) {
      this.samples.push({ active, idle, atMs });
    }
    if (from === -1 || oldest === undefined) return undefined;
    const [worked, rested] = [active - oldest.active, idle - oldest.idle];
    return worked + rested <= 0 ? 0 : Math.round((100 * worked) / (worked + rested)) / 100;
  }
}
