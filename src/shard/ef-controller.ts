import { RecallEvidence, type RecallSample } from './recall-evidence.js';

export interface EfOptions {
  /** Recall to hold, below 1. */
  target: number;
  /** `ef` at first; clamped to the bounds. */
  start: number;
  min: number;
  max: number;
}

/** Where a sample is from: a query of a caller, or a stored row taken for one. */
export type SampleSource = 'query' | 'row';

/** Too little evidence for any verdict below this. */
const FIRST_LOOK = 8;
/** Evidence from which a lower bound counts, and with which a better one. */
const FULL_LOOK = 32;
const CALM_LOOK = 64;
/** Past it older evidence fades. */
const MEMORY_SEARCHES = 256;
const RAISE_FAST = 2;
const RAISE = 1.5;
const LOWER = 0.85;
const MAX_PATIENCE = 64;

/**
 * Chooses `ef` so that recall holds a target. It looks whenever the evidence at this `ef` has
 * doubled:
 *
 *   surely below the target            twice the ef, at once
 *   not surely above it                half as much again
 *   surely halfway from target to 1    15 % less, after as many such looks as it has patience for
 *
 * A step down that had to be taken back goes back to where it came from and doubles the patience, so
 * that it settles instead of swinging. Stored rows find themselves more easily than a shopper's
 * words do: they may raise `ef`, and lower it down to its start, but below that only queries count.
 */
export class EfController {
  private current: number;
  private seen = new RecallEvidence();
  private seenOfQueries = new RecallEvidence();
  private nextLook = FIRST_LOOK;
  private patience = 1;
  private calm = 0;
  /** The `ef` that was given up for a lower one. */
  private fallback: number | undefined;

  constructor(private readonly options: EfOptions) {
    this.current = this.clamp(options.start);
  }

  get ef(): number {
    return this.current;
  }

  /** Surely below the target, and nothing left to raise. */
  get failing(): boolean {
    const { searches, high } = this.seen;
    const { target, max } = this.options;
    return this.current === max && searches >= FIRST_LOOK && high < target;
  }

  /** Takes a sample at the present `ef`; returns whether that has changed it. */
  observe(sample: RecallSample, source: SampleSource): boolean {
    this.seen.add(sample);
    if (source === 'query') this.seenOfQueries.add(sample);
    if (this.seen.searches < this.nextLook) return false;
    this.nextLook = Math.min(this.nextLook * 2, MEMORY_SEARCHES);
    const changed = this.look();
    if (this.seen.searches >= MEMORY_SEARCHES) {
      this.seen.halve();
      this.seenOfQueries.halve();
    }
    return changed;
  }

  private look(): boolean {
    const { target } = this.options;
    const { searches, low, high } = this.seen;
    if (high < target) return this.raise(RAISE_FAST);
    if (searches >= FULL_LOOK && low < target) return this.raise(RAISE);
    const start = this.clamp(this.options.start);
    const judge = this.current > start ? this.seen : this.seenOfQueries;
    const isCalm = judge.searches >= CALM_LOOK && judge.low > (target + 1) / 2;
    this.calm = isCalm ? this.calm + 1 : 0;
    return this.calm >= this.patience && this.lower(start);
  }

  private raise(factor: number): boolean {
    const { fallback } = this;
    this.fallback = undefined;
    if (fallback === undefined) return this.move(this.current * factor);
    this.patience = Math.min(this.patience * 2, MAX_PATIENCE);
    return this.move(fallback);
  }

  private lower(start: number): boolean {
    const from = this.current;
    const aim = Math.floor(from * LOWER);
    // Not past the start in one step with what may be evidence of rows only.
    const changed = this.move(from > start ? Math.max(aim, start) : aim);
    this.fallback = changed ? from : undefined;
    return changed;
  }

  private move(ef: number): boolean {
    const next = this.clamp(ef);
    if (next === this.current) return false;
    this.current = next;
    this.seen = new RecallEvidence();
    this.seenOfQueries = new RecallEvidence();
    this.nextLook = FIRST_LOOK;
    this.calm = 0;
    return true;
  }

  private clamp(ef: number): number {
    const { min, max } = this.options;
    return Math.round(Math.min(max, Math.max(min, ef)));
  }
}
