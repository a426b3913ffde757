/** What the policy sees of a segment. */
export interface SegmentSize {
  rows: number;
  deadRows: number;
}

export interface MergeOptions {
  /** Rows at which the tail becomes a segment. */
  tailRows: number;
  /**
   * While the feed is busy: how many times `tailRows` the tail grows to, and how many segments of
   * like size come together before they are merged.
   */
  fanout: number;
  /** Share of dead rows at which a segment is rewritten alone. */
  maxDeadShare: number;
}

/** What to build next: the tail, or not, and the segments (by index) to merge with it. */
export interface MergePlan {
  tail: boolean;
  segments: number[];
}

/**
 * The next build, or undefined when all is in order. Size-tiered, as Lucene's `TieredMergePolicy`:
 * while the feed is busy the tail grows to `fanout` times its size, and a merge waits until `fanout`
 * segments of like size have come together, so that each row is rewritten some log_fanout(n) times; once it is quiet, everything within a factor
 * of two is merged, since every segment costs each query a search of its own.
 */
export function planMerge(
  tailRows: number,
  segments: readonly SegmentSize[],
  busy: boolean,
  options: MergeOptions,
): MergePlan | undefined {
  const sealTail = tailRows >= options.tailRows * (busy ? options.fanout : 1);
  const rotten = segments.findIndex(
    ({ rows, deadRows }) => rows > 0 && deadRows > rows * options.maxDeadShare,
  );
  const absorbed = absorb(sealTail ? tailRows : 0, segments, busy ? options.fanout : 2);
  if (absorbed.length > 0 && (sealTail || absorbed.length > 1)) {
    return { tail: sealTail, segments: absorbed };
  }
  if (sealTail) return { tail: true, segments: [] };
  return rotten === -1 ? undefined : { tail: false, segments: [rotten] };
}

/**
 * The small segments that, from the smallest up, each are at most twice of what has come together
 * before it: at least `fanout` pieces (the tail is one), otherwise none.
 */
function absorb(tailRows: number, segments: readonly SegmentSize[], fanout: number): number[] {
  const live = segments.map(({ rows, deadRows }, index) => ({ index, rows: rows - deadRows }));
  live.sort((a, b) => a.rows - b.rows);
  let together = tailRows;
  const chosen: number[] = [];
  for (const segment of live) {
    if (together > 0 && segment.rows > 2 * together) break;
    together += segment.rows;
    chosen.push(segment.index);
  }
  const pieces = chosen.length + (tailRows > 0 ? 1 : 0);
  return pieces >= fanout ? chosen : [];
}
