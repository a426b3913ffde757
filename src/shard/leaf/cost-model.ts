/** Ways to find the best rows of a block, each with a cost of its own. */
const OPERATIONS = ['graph', 'scan', 'codes', 'gather'] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Microseconds on the machine that the figures in docs/decisions/0012 come from, at d dimensions:
 * a graph search of width w visits some 20 w nodes beyond a fixed descent; a scan of rows that lie
 * together streams them, one of their codes a quarter of the bytes (and the rows as well where that was in vain); a
 * scan of scattered rows copies them first.
 */
const REFERENCE_US: Record<Operation, (units: number, dimensions: number) => number> = {
  graph: (width, dimensions) => 40 + width * (0.4 + dimensions / 400),
  scan: (rows, dimensions) => 10 + (rows * dimensions) / 5_000,
  codes: (rows, dimensions) => 10 + (rows * dimensions) / 25_000,
  gather: (rows, dimensions) => 15 + rows * (0.1 + dimensions / 1_700),
};

/** Weight of one observation: some twenty make up the figure. */
const WEIGHT = 0.05;
/** A single observation counts at most this many times off: a pause of the process is not a cost. */
const MAX_STEP = 4;
/** Factors stay within this of the reference: no machine is further off, but a bad minute looks so. */
const MAX_FACTOR = 8;
/** What is not chosen is not measured: each observation draws the others this much nearer to 1. */
const FORGET = 0.002;

/**
 * What an operation will cost on this machine, in microseconds: the reference figure times a factor
 * for each operation that follows what such operations really took. An operation that was slow for a
 * while, and is avoided for it, is thought better of with time and tried again.
 */
export class CostModel {
  private readonly factors: Record<Operation, number> = {
    graph: 1,
    scan: 1,
    codes: 1,
    gather: 1,
  };

  /** `units`: the width of a graph search, the rows of a scan. */
  estimateUs(operation: Operation, units: number, dimensions: number): number {
    return this.factors[operation] * REFERENCE_US[operation](units, dimensions);
  }

  /** Takes in that an operation took `tookUs`. */
  observe(operation: Operation, units: number, dimensions: number, tookUs: number): void {
    const ratio = tookUs / this.estimateUs(operation, units, dimensions);
    const bounded = Math.min(MAX_STEP, Math.max(1 / MAX_STEP, ratio));
    const factor = this.factors[operation] * bounded ** WEIGHT;
    for (const other of OPERATIONS) {
      if (other !== operation) this.factors[other] **= 1 - FORGET;
    }
    this.factors[operation] = Math.min(MAX_FACTOR, Math.max(1 / MAX_FACTOR, factor));
  }
}

/** What holds nothing against an operation: a choice by these figures is the same whenever it is made. */
class ReferenceCosts extends CostModel {
  override observe(): void {
    // Nothing is learnt.
  }
}

export const REFERENCE_COSTS: CostModel = new ReferenceCosts();
