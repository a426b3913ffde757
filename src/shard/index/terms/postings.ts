/** Rows of a chunk: a row's place in it is a u16. */
export const CHUNK_ROWS = 65_536;

/** The rows of one chunk that have a word: `count` of `Postings.rows` and of `Postings.impacts`. */
export interface PostingRun {
  /** First row of the chunk. */
  base: number;
  /** Where they begin in `rows`, and in `impacts`. */
  rowsAt: number;
  impactsAt: number;
  count: number;
}

/**
 * The rows that have a word, ascending: posting i of a run is of row `base + rows[rowsAt + i]`, with
 * the impact `impacts[impactsAt + i]`, 1 to 255.
 */
export interface Postings {
  count: number;
  rows: Uint16Array;
  impacts: Uint8Array;
  /** Ascending by chunk; none is empty. */
  runs: readonly PostingRun[];
}

export const NO_POSTINGS: Postings = {
  count: 0,
  rows: new Uint16Array(0),
  impacts: new Uint8Array(0),
  runs: [],
};

/** The rows that have the word, ascending. */
export function* rowsOf({ rows, runs }: Postings): Generator<number, void, undefined> {
  for (const { base, rowsAt, count } of runs) {
    for (let i = rowsAt; i < rowsAt + count; i++) yield base + (rows[i] as number);
  }
}

/** How many postings of a run come before `place`, a row counted from the chunk's first. */
function postingsBefore(rows: Uint16Array, run: PostingRun, place: number): number {
  let low = 0;
  let high = run.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[run.rowsAt + middle] as number) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The impact with which `row` has the word; 0 where it does not. */
export function impactOn(postings: Postings, row: number): number {
  const run = runOf(postings.runs, row);
  if (run === undefined) return 0;
  const place = row - run.base;
  const at = postingsBefore(postings.rows, run, place);
  if (at === run.count || postings.rows[run.rowsAt + at] !== place) return 0;
  return postings.impacts[run.impactsAt + at] as number;
}

function runOf(runs: readonly PostingRun[], row: number): PostingRun | undefined {
  const base = row - (row % CHUNK_ROWS);
  for (const run of runs) {
    if (run.base === base) return run;
    if (run.base > base) return undefined;
  }
  return undefined;
}
