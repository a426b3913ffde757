import {
  pointBetween,
  readNow,
  type LivePoint,
  type LiveSources,
  type Reading,
} from './live-point.js';

/** Between two points, as long as somebody looks. */
export const LIVE_EVERY_MS = 5_000;
/** What is kept. */
export const LIVE_WINDOW_MS = 15 * 60_000;
/** Who has not looked for so long does not look any more. */
const LOOKING_MS = 60_000;

interface Clocks {
  /** Monotonic, milliseconds; injectable for virtual clocks. */
  now(): number;
  /** Epoch milliseconds. */
  wallMs(): number;
}

const REAL: Clocks = { now: () => performance.now(), wallMs: () => Date.now() };

/**
 * The last minutes of what this process counts, for who looks at them. While nobody does, nothing is read and no timer
 * runs; what happened meanwhile is one point, as wide as the rest was, where that is within what is kept.
 */
export class LiveFigures {
  private readonly points: LivePoint[] = [];
  private last: { reading: Reading; atMs: number } | undefined;
  private lookedAtMs = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sources: LiveSources,
    private readonly clocks: Clocks = REAL,
  ) {}

  /** What is known, oldest first. From now on a point is added every `LIVE_EVERY_MS`, until nobody looks any more. */
  look(): readonly LivePoint[] {
    this.lookedAtMs = this.clocks.now();
    if (this.timer === undefined) {
      this.add();
      this.timer = setInterval(() => this.tick(), LIVE_EVERY_MS).unref();
    }
    return this.points;
  }

  get isRunning(): boolean {
    return this.timer !== undefined;
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private tick(): void {
    this.add();
    if (this.clocks.now() - this.lookedAtMs >= LOOKING_MS) this.close();
  }

  private add(): void {
    const [nowMs, wallMs] = [this.clocks.now(), this.clocks.wallMs()];
    const reading = readNow(this.sources);
    const before = this.last;
    this.last = { reading, atMs: nowMs };
    const isOld = ({ atMs }: LivePoint): boolean => atMs < wallMs - LIVE_WINDOW_MS;
    this.points.splice(0, this.points.filter(isOld).length);
    if (before === undefined) return;
    const passedMs = nowMs - before.atMs;
    if (passedMs <= 0 || passedMs > LIVE_WINDOW_MS) return;
    this.points.push(pointBetween(before.reading, reading, wallMs, passedMs / 1_000));
  }
}
