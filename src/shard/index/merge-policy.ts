/** What the policy sees of a segment. */
export interface SegmentSize {
  rows: number;
  deadRows: number;
  /** A graph of it was damaged. */
  isImpaired?: boolean;
  /** It is merged with others of its tier alone, and never with the tail. */
  isWarm?: boolean;
}

export interface MergeOptions {
  /** Rows at which the tail becomes a segment. */
  tailRows: number;
  /**
   * While the feed is busy: how many times `tailRows` the tail grows to, and how many segments of
   * like size come together before they are merged.
   */
  fanout: number;
  /**
   * Share of dead rows at which a small segment is rewritten alone; one of `maxSegmentRows` at twice
   * that, since it costs so much more. At twice its share it comes even before the tail, which under
   * steady writes would always come first.
   */
  maxDeadShare: number;
  /** Live rows of a merged segment at most. */
  maxSegmentRows: number;
  /**
   * Entries of the feed after which the tail is sealed however small it is (`fanout` times as many
   * while the feed is busy): a start reads them again.
   */
  replayEntries: number;
}

/** How the feed comes: more is waiting; all was read; nothing has come for a while. */
export type Pace = 'busy' | 'quiet' | 'rest';

/** What no manifest covers yet. */
export interface Unsealed {
  /** Rows of the tail. */
  rows: number;
  /** Memory of its fields and words. */
  bytes: number;
  /** Entries of the feed, also those of other shards. */
  entries: number;
}

/** What to build next: the tail, or not, and the segments (by index) to merge with it. */
export interface MergePlan {
  tail: boolean;
  segments: number[];
}

/** A tail whose fields and words take so much is sealed, however few its rows are. */
const SEAL_BYTES = 64 * 1024 * 1024;
/** At rest a tail of this share of `tailRows` is sealed: a search scans all of it. */
const REST_SHARE = 1 / 16;
/**
 * `pieces` segments (the tail is one) are merged that, from small to large, each are at most `ratio`
 * times what has come together before them. At rest more is merged, since every segment costs each
 * query a search; under steady writes less, since each row would be rewritten again and again.
 */
const RATIO = { busy: 2, quiet: 2, rest: 8 } as const satisfies Record<Pace, number>;
const QUIET_PIECES = 4;
const REST_PIECES = 2;

/**
 * The next build, or undefined when all is in order. Size-tiered, as Lucene's `TieredMergePolicy`:
 * while the feed is busy the tail grows to `fanout` times its size, and a merge waits until `fanout`
 * segments of like size have come together, so that each row is rewritten some log_fanout(n) times;
 * once it is quiet smaller tails are sealed, and at rest still smaller ones, and all within a wider
 * ratio is merged.
 */
export function planMerge(
  unsealed: Unsealed,
  segments: readonly SegmentSize[],
  pace: Pace,
  options: MergeOptions,
): MergePlan | undefined {
  const { tailRows, replayEntries, fanout } = options;
  const wait = pace === 'busy' ? fanout : 1;
  const sealRows = tailRows * (pace === 'rest' ? REST_SHARE : wait);
  const sealTail =
    unsealed.rows >= sealRows ||
    unsealed.entries >= replayEntries * wait ||
    unsealed.bytes >= SEAL_BYTES;
  const urgent = segments.findIndex(
    (segment) => segment.isImpaired === true || hasManyDead(segment, 2, options),
  );
  if (urgent !== -1) return { tail: false, segments: [urgent] };
  const pieces = { busy: fanout, quiet: QUIET_PIECES, rest: REST_PIECES }[pace];
  const together = sealTail ? unsealed.rows : 0;
  const limits = { pieces, ratio: RATIO[pace], maxRows: options.maxSegmentRows };
  const absorbed = absorb(together, segments, false, limits);
  if (absorbed.length > 0 && (sealTail || absorbed.length > 1)) {
    return { tail: sealTail, segments: absorbed };
  }
  if (sealTail) return { tail: true, segments: [] };
  const warm = absorb(0, segments, true, limits);
  if (warm.length > 1) return { tail: false, segments: warm };
  const withDead = segments.findIndex((segment) => hasManyDead(segment, 1, options));
  return withDead === -1 ? undefined : { tail: false, segments: [withDead] };
}

/** Whether whoever fills the tail should wait for a build. */
export function isOverfull(
  { rows, bytes }: Pick<Unsealed, 'rows' | 'bytes'>,
  { tailRows, fanout }: MergeOptions,
): boolean {
  return rows >= tailRows * fanout * 2 || bytes >= 2 * SEAL_BYTES;
}

function hasManyDead(
  { rows, deadRows }: SegmentSize,
  times: number,
  { maxDeadShare, maxSegmentRows }: MergeOptions,
): boolean {
  const share = maxDeadShare * (1 + Math.min(1, rows / maxSegmentRows));
  return rows > 0 && deadRows > rows * Math.min(0.9, times * share);
}

interface MergeLimits {
  pieces: number;
  ratio: number;
  maxRows: number;
}

/**
 * Segments that, from small to large, each are at most `ratio` times what has come together before
 * it: at least `pieces` (the tail is one), otherwise none. A run that is too short is passed
 * over for the next, or one small segment would keep all larger ones apart. Together they have no more
 * than `maxRows`. Those of the other tier are passed over, and segments without a live row are left to be dropped alone.
 */
function absorb(
  tailRows: number,
  segments: readonly SegmentSize[],
  warm: boolean,
  { pieces, ratio, maxRows }: MergeLimits,
): number[] {
  const live = segments
    .map(({ rows, deadRows, isWarm = false }, index) => ({ index, isWarm, rows: rows - deadRows }))
    .filter(({ rows, isWarm }) => rows > 0 && isWarm === warm)
    .sort((a, b) => a.rows - b.rows);
  let together = tailRows;
  let count = tailRows > 0 ? 1 : 0;
  let chosen: number[] = [];
  for (const segment of live) {
    if (together + segment.rows > maxRows) break;
    if (together > 0 && segment.rows > ratio * together) {
      // With the tail only what is next to it in size: the rest is looked at when that is done.
      if (count >= pieces || tailRows > 0) break;
      together = 0;
      count = 0;
      chosen = [];
    }
    together += segment.rows;
    count += 1;
    chosen.push(segment.index);
  }
  return count >= pieces ? chosen : [];
}
