/** Requests past their deadline, with nothing heard in between, that make a shard silent. */
const SILENT_AFTER_DEADLINES = 3;
/** And for at least so long: callers of a millisecond's patience prove nothing. */
const SILENT_AFTER_MS = 300;
/** Nothing heard for so long: a busy shard would still answer a ping. */
export const PING_AFTER_MS = 40;
/** A shard that has not answered a ping for so long gets no more than so many requests at once. */
const SUSPECT_AFTER_MS = 120;
const SUSPECT_LIMIT = 32;
/** Nothing heard for so long while something was asked: the connection may be to blame. */
const DEAD_AFTER_MS = 4_000;

/**
 * Whether a shard answers, judged by what was asked and what was heard.
 *
 *   alive ──a ping is not answered──> suspect ──three deadlines──> silent
 *     └──────────────────────── anything heard ─────────────┴──────────────────┘
 *
 * A suspect one gets only so many requests at once, so that the waits for it do not fill the node. A
 * silent one costs its callers no time: it is asked by a probe alone until it says something.
 */
export class ShardPulse {
  /** When anything came from the shard. */
  heardAtMs = -Infinity;
  private waitingSinceMs = 0;
  /** Since when the ping that is under way is waited for with nothing heard. */
  private pingedAtMs: number | undefined;
  private deadlines = 0;
  private silent = false;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get isSilent(): boolean {
    return this.silent;
  }

  /** It is time to ask whether it is alive. */
  get isQuiet(): boolean {
    return this.quietMs() >= PING_AFTER_MS;
  }

  /** Nothing has come for so long that another connection is to be tried. */
  get isDead(): boolean {
    return this.quietMs() >= DEAD_AFTER_MS;
  }

  /** Whether one more request may be sent beside `underWay` others. */
  admits(underWay: number): boolean {
    return underWay < SUSPECT_LIMIT || !this.isSuspect();
  }

  /** Asked whether it is alive: from now on silence tells something. */
  pinged(): void {
    this.pingedAtMs ??= this.now();
  }

  /** The ping was answered, or is not waited for any more. */
  pingEnded(): void {
    this.pingedAtMs = undefined;
  }

  /** A request is sent beside `underWay` others. */
  asked(underWay: number): void {
    if (underWay === 0) this.waitingSinceMs = this.now();
  }

  /** Something came from the shard. */
  heard(): void {
    this.heardAtMs = this.now();
    this.waitingSinceMs = this.heardAtMs;
    if (this.pingedAtMs !== undefined) this.pingedAtMs = this.waitingSinceMs;
    this.deadlines = 0;
    this.silent = false;
  }

  /** A request's deadline passed without an answer. */
  missed(): void {
    this.deadlines += 1;
    const isLong = this.quietMs() >= SILENT_AFTER_MS && this.isSuspect();
    this.silent ||= this.deadlines >= SILENT_AFTER_DEADLINES && isLong;
  }

  private isSuspect(): boolean {
    return this.pingedAtMs !== undefined && this.now() - this.pingedAtMs > SUSPECT_AFTER_MS;
  }

  private quietMs(): number {
    return this.now() - this.waitingSinceMs;
  }
}
