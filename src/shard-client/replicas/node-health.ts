import { Outstanding } from './outstanding.js';

const FAILURES_TO_EJECT = 3;
/** From an ejection to the first probe; each further pause is twice as long, up to the last. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 1_000;
/** What one answer weighs against all before it. */
const WEIGHT = 0.1;
/** In this time without answers a node's slowness fades to a third (of its logarithm): it is tried again. */
const FADE_MS = 5_000;
/** Below this share of the usual a duration says nothing more. */
const LEAST_SLOWNESS = 0.1;

/**
 * What is known of one node from the requests it was sent.
 *
 *   trusted ──three failures in a row, or it hangs──> ejected ──pause──> probed ──fails──> ejected, longer
 *      └──────────────────── the probe succeeds, or a request sent since is answered ──────────┘
 *
 * `slowness` is how many times the usual duration of its kind a request took. It is averaged as a logarithm:
 * one answer in 25 that takes 25 times as long makes a node 1.14 times as slow, all of them 25 times.
 */
export class NodeHealth {
  /** Called when the node turns out to hang, by those who wait for it. */
  readonly onHung = new Set<() => void>();
  readonly outstanding: Outstanding;
  private logSlowness = 0;
  private learntAtMs = 0;
  private failuresInARow = 0;
  private ejectionCount = 0;
  private ejectedAtMs: number | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private probeAtMs = 0;
  private probing = false;

  /** @param now monotonic, milliseconds */
  constructor(private readonly now: () => number) {
    this.outstanding = new Outstanding(now);
  }

  get ejections(): number {
    return this.ejectionCount;
  }

  get isEjected(): boolean {
    return this.ejectedAtMs !== undefined;
  }

  /** 1: as the others of late. */
  get slowness(): number {
    return Math.exp(this.fadedLog());
  }

  /** What one more request would wait for, in requests of an idle node of usual speed. */
  get load(): number {
    return (this.outstanding.total + 1) * this.slowness;
  }

  /** The request of `askedAtMs` was answered in full. */
  answered(askedAtMs: number, slowness: number | undefined): void {
    this.failuresInARow = 0;
    if (this.ejectedAtMs === undefined) this.pauseMs = FIRST_PAUSE_MS;
    else if (askedAtMs >= this.ejectedAtMs) this.ejectedAtMs = undefined;
    if (slowness !== undefined) this.learn(Math.log(Math.max(LEAST_SLOWNESS, slowness)));
  }

  /** Nobody waits for the answer any more: it would have taken at least so long. */
  gaveUp(slowness: number | undefined): void {
    if (slowness !== undefined && slowness > this.slowness) this.learn(Math.log(slowness));
  }

  failed(): void {
    this.failuresInARow += 1;
    if (this.failuresInARow >= FAILURES_TO_EJECT) this.eject();
  }

  /** Nothing came from the node although it should: all who wait for it are told, in the order they asked. */
  hangs(): void {
    this.eject();
    for (const tell of [...this.onHung]) tell();
  }

  /** Whether it is time for a probe; it counts as begun, and `probed` must follow. */
  beginProbe(): boolean {
    if (!this.isEjected || this.probing || this.now() < this.probeAtMs) return false;
    this.probing = true;
    return true;
  }

  probed(succeeded: boolean): void {
    this.probing = false;
    if (!this.isEjected) return;
    if (succeeded) {
      this.ejectedAtMs = undefined;
      this.failuresInARow = 0;
    } else this.pause();
  }

  private eject(): void {
    if (this.isEjected) return;
    this.ejectedAtMs = this.now();
    this.ejectionCount += 1;
    this.pause();
  }

  /** Grows until the node answers a request: one that answers only probes is asked ever less often. */
  private pause(): void {
    this.probeAtMs = this.now() + this.pauseMs;
    this.pauseMs = Math.min(LAST_PAUSE_MS, 2 * this.pauseMs);
  }

  private learn(log: number): void {
    this.logSlowness = this.fadedLog() * (1 - WEIGHT) + log * WEIGHT;
    this.learntAtMs = this.now();
  }

  private fadedLog(): number {
    return this.logSlowness * Math.exp((this.learntAtMs - this.now()) / FADE_MS);
  }
}
