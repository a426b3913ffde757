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

/** Each width of the ladder is this many times the one below. */
const STEP = Math.SQRT2;
/** Too little evidence for any verdict below this; until the next look, while there is little. */
const FIRST_LOOK = 8;
/** Evidence from which all widths are compared; then so many samples until the next look. */
const FULL_LOOK = 32;

/**
 * Recall over `ef`, learnt from searches that were repeated at every width of a ladder, and the `ef`
 * that follows: the lowest at which recall holds the target, the highest where none does.
 *
 * Every sample tells of every width, so that it goes there in one step and has no need to swing. A
 * width is good when its recall is surely at the target, or halfway from there to 1 as far as is
 * known. Stored rows find themselves more easily than a shopper's words do: until there are enough
 * queries they may raise `ef`, but not lower it below its start.
 */
export class EfCurve {
  /** Widths, ascending. */
  readonly ladder: readonly number[];
  private readonly start: number;
  private readonly ofQueries: RecallEvidence[];
  private readonly ofRows: RecallEvidence[];
  private rung: number;
  private untilLook = FIRST_LOOK;

  constructor(private readonly options: EfOptions) {
    this.ladder = ladderOf(options);
    this.start = this.ladder.indexOf(clamp(options.start, options));
    this.rung = this.start;
    this.ofQueries = this.ladder.map(() => new RecallEvidence());
    this.ofRows = this.ladder.map(() => new RecallEvidence());
  }

  get ef(): number {
    return this.ladder[this.rung] as number;
  }

  /** What is known of recall at the present `ef`: of queries, once there are some. */
  get seen(): RecallEvidence {
    return this.evidence[this.rung] as RecallEvidence;
  }

  /** Surely below the target, and nothing left to raise. */
  get failing(): boolean {
    const { searches, high } = this.seen;
    const isHighest = this.rung === this.ladder.length - 1;
    return isHighest && searches >= FIRST_LOOK && high < this.options.target;
  }

  /** Takes a sample a width, in the order of the ladder; returns whether `ef` has changed. */
  observe(samples: readonly RecallSample[], source: SampleSource): boolean {
    const { hasQueries } = this;
    const evidence = source === 'query' ? this.ofQueries : this.ofRows;
    samples.forEach((sample, i) => evidence[i]?.add(sample));
    this.untilLook -= 1;
    // From now on other evidence counts: that is worth a look.
    if (this.hasQueries !== hasQueries) this.untilLook = 0;
    if (this.untilLook > 0) return false;
    this.untilLook = this.seen.searches < FULL_LOOK ? FIRST_LOOK : FULL_LOOK;
    const before = this.rung;
    this.rung = this.choose();
    return this.rung !== before;
  }

  /** Graphs have changed: what is known counts for little from now on. */
  fade(): void {
    this.untilLook = FIRST_LOOK;
    for (const seen of [...this.ofQueries, ...this.ofRows]) {
      while (seen.searches > FIRST_LOOK) seen.halve();
    }
  }

  private get hasQueries(): boolean {
    return (this.ofQueries[0]?.searches ?? 0) >= FULL_LOOK;
  }

  private get evidence(): readonly RecallEvidence[] {
    if (this.hasQueries) return this.ofQueries;
    return this.ladder.map((_, i) => {
      const both = new RecallEvidence();
      both.merge(this.ofQueries[i] as RecallEvidence);
      both.merge(this.ofRows[i] as RecallEvidence);
      return both;
    });
  }

  private choose(): number {
    const { target } = this.options;
    const { searches, high } = this.seen;
    if (searches < FIRST_LOOK || (searches < FULL_LOOK && high >= target)) return this.rung;
    const good = this.evidence.findIndex(
      ({ low, recall }) => low >= target || (recall ?? 0) >= (target + 1) / 2,
    );
    const lowest = good === -1 ? this.ladder.length - 1 : good;
    return this.hasQueries ? lowest : Math.max(lowest, this.start);
  }
}

function clamp(ef: number, { min, max }: EfOptions): number {
  return Math.round(Math.min(max, Math.max(min, ef)));
}

/** Steps down and up from the start, and the bounds themselves. */
function ladderOf(options: EfOptions): number[] {
  const { min, max } = options;
  const start = clamp(options.start, options);
  const widths = new Set([min, start, max]);
  for (let ef = start / STEP; ef > min; ef /= STEP) widths.add(Math.round(ef));
  for (let ef = start * STEP; ef < max; ef *= STEP) widths.add(Math.round(ef));
  return [...widths].sort((a, b) => a - b);
}
