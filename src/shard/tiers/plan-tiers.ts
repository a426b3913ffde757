/** What the plan sees of a segment. */
export interface TierSize {
  /** Live rows, and how many of these may be warm. */
  rows: number;
  warm: number;
  isWarm: boolean;
}

export interface TierLimits {
  /** Fewer rows than this are not worth a step. */
  minRows: number;
  /** Of what rows are moved into. */
  maxSegmentRows: number;
}

/**
 * `reopen`: the segment changes its tier as it is. `move`: the warm rows of these segments are written into one of
 * their own, and are gone from them.
 */
export type TierStep =
  | { kind: 'reopen'; segment: number; tier: 'warm' | undefined }
  | { kind: 'move'; segments: number[] };

/** A segment is warm as it is where so many of its rows may be: the rest is too little to write all of it again. */
const WHOLE_SHARE = 0.9;
/** A warm one stays so while at least so many may be. */
const STAY_SHARE = 0.5;
/** So many are moved out: as many dead rows have a merge write the others anew. */
const MOVE_SHARE = 0.25;

/** The next step by which rows come to their tier; undefined: all is in order. One after the other leads to an end. */
export function planTiers(sizes: readonly TierSize[], limits: TierLimits): TierStep | undefined {
  const { minRows, maxSegmentRows } = limits;
  for (const [segment, { rows, warm, isWarm }] of sizes.entries()) {
    if (isWarm && warm < rows * STAY_SHARE) return { kind: 'reopen', segment, tier: undefined };
    if (!isWarm && warm >= minRows && warm >= rows * WHOLE_SHARE) {
      return { kind: 'reopen', segment, tier: 'warm' };
    }
  }
  const segments: number[] = [];
  let together = 0;
  for (const [segment, { rows, warm, isWarm }] of sizes.entries()) {
    if (isWarm || warm < rows * MOVE_SHARE || together + warm > maxSegmentRows) continue;
    segments.push(segment);
    together += warm;
  }
  return together >= minRows ? { kind: 'move', segments } : undefined;
}
