import type { Budget } from '../../../core/budget.js';
import { compareBytes } from '../../../core/ids.js';
import type { Bitset } from '../../index/bitset.js';
import { CHUNK_ROWS } from '../../index/terms/postings.js';
import { GATHER_ROWS } from '../gather.js';
import type { RowScores } from './row-scores.js';
import type { TopRows } from './top-rows.js';

/** What wants the best of a block's rows. */
export interface ScoreTaker {
  rows: Bitset;
  /** Those of the block, the first key being the score turned around. */
  best: TopRows;
  /** A score below this need not be offered. */
  least: number;
  /** Only what comes behind this. */
  after: { score: number; id: string } | undefined;
  /** Rows behind it: those that cannot be among the best count too. */
  seen: { behind: number };
}

/** Classes of rows by the bound of their score. */
const CLASSES = 256;
/** Rows looked at between two looks at the budget: as many as are gathered at once. */
const SLICE_ROWS = GATHER_ROWS;
/** Scores are sums of a few numbers up to ten. */
const ROUNDING = 1e-12;
/** Of fewer rows the score itself is as cheap as what it nearly is. */
const LEAST_GATHERED = 8;

/**
 * Offers the best rows of a block by score to all who want them, each row's score worked out once. Rows come
 * by what their score is without the cosine, the greatest first, after those that may be near to the vector, so
 * that those whose cosine could not bring them among the best are soon told: they need none, and in the end none is
 * left that does (Fagin, Lotem and Naor, Optimal Aggregation Algorithms for Middleware, 2001). Of the others a
 * float32 kernel tells the cosines together, and only what is among the best by those, or so near that rounding
 * decides, has its score worked out.
 */
export async function offerByScore(
  wanted: Bitset,
  scores: RowScores,
  takers: readonly ScoreTaker[],
  budget: Budget,
): Promise<void> {
  const near = scores.nearOf(wanted);
  const scratch = takeScratch();
  try {
    const run = { scores, takers, budget, scratch };
    const { margin, farMargin } = scores;
    if (near === undefined) await offerRows(wanted, margin, run);
    else if (await offerRows(near, margin, run)) {
      await offerRows(wanted.copy().andNot(near), farMargin, run);
    }
  } finally {
    giveBack(scratch);
  }
}

/** What all rows are offered with. */
interface OfferRun {
  scores: RowScores;
  takers: readonly ScoreTaker[];
  budget: Budget;
  scratch: Scratch;
}

/** @param margin what a cosine adds at most. False where the budget was spent first. */
async function offerRows(wanted: Bitset, margin: number, run: OfferRun): Promise<boolean> {
  const { scores, takers, budget, scratch } = run;
  for (let from = 0; from < wanted.size; from += CHUNK_ROWS) {
    const to = Math.min(wanted.size, from + CHUNK_ROWS);
    const rows = wanted.rowsInto(scratch.rows, from, to);
    const bases = scratch.bases.subarray(0, rows.length);
    for (let at = 0; at < rows.length; at += SLICE_ROWS) {
      const end = at + SLICE_ROWS;
      scores.bases(rows.subarray(at, end), bases.subarray(at, end));
      if (budget.spend(SLICE_ROWS) && !(await budget.pause())) return false;
    }
    const left = leaveHopeless({ rows, bases, margin }, takers);
    if (!(await offerPart(left, run))) return false;
  }
  return true;
}

/** Some rows of a chunk, each with what its score is without the cosine. */
interface ChunkPart {
  rows: Uint32Array;
  bases: Float64Array;
  /** What a cosine adds at most. */
  margin: number;
}

/** Without those that are not among the best, whatever their cosine, and are counted. */
function leaveHopeless(
  { rows, bases, margin }: ChunkPart,
  takers: readonly ScoreTaker[],
): ChunkPart {
  let least = Infinity;
  for (const taker of takers) least = Math.min(least, leastOf(taker));
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const base = bases[i] as number;
    if (base + margin >= least) {
      rows[count] = row;
      bases[count++] = base;
    } else countBehind(takers, row);
  }
  return { rows: rows.subarray(0, count), bases: bases.subarray(0, count), margin };
}

/** False where the budget was spent first. */
async function offerPart(part: ChunkPart, run: OfferRun): Promise<boolean> {
  const { rows, bases, margin } = part;
  const { scores, takers, budget, scratch } = run;
  const { order, mostFrom } = greatestFirst(bases);
  let isOver = false;
  for (let at = 0; at < order.length; at += SLICE_ROWS) {
    const slice = order.subarray(at, at + SLICE_ROWS);
    const most = mostFrom(order[at] as number) + margin;
    isOver ||= takers.every((taker) => !isUndecided(taker, most));
    if (isOver) for (const place of slice) countBehind(takers, rows[place] as number);
    else offerSlice(slice, part, scores, takers, scratch.open);
    if (budget.spend(SLICE_ROWS) && !(await budget.pause())) return false;
  }
  return true;
}

/** Lists that serve chunk after chunk, and one search after the other. */
interface Scratch {
  rows: Uint32Array;
  bases: Float64Array;
  open: Narrowed;
}

/** A megabyte each. */
const MAX_KEPT = 4;
const kept: Scratch[] = [];

function takeScratch(): Scratch {
  const rows = (): Uint32Array => new Uint32Array(CHUNK_ROWS);
  return kept.pop() ?? { rows: rows(), bases: new Float64Array(CHUNK_ROWS), open: new Narrowed() };
}

function giveBack(scratch: Scratch): void {
  if (kept.length < MAX_KEPT) kept.push(scratch);
}

/** Rows whose scores lie in [least, most]: lists that serve slice after slice, without an object a row. */
class Narrowed {
  count = 0;
  readonly rows = new Uint32Array(SLICE_ROWS);
  readonly least = new Float64Array(SLICE_ROWS);
  readonly most = new Float64Array(SLICE_ROWS);

  add(row: number, least: number, most: number): void {
    this.rows[this.count] = row;
    this.least[this.count] = least;
    this.most[this.count] = most;
    this.count += 1;
  }

  /** Narrows them to what they are with the cosines as they nearly are. */
  byCosines(scores: RowScores): void {
    const { margin, nearMargin } = scores;
    const near = scores.nearly(this.rows.subarray(0, this.count));
    for (let i = 0; i < this.count; i++) {
      const score = (this.least[i] as number) + margin + (near[i] as number);
      this.least[i] = score - nearMargin;
      this.most[i] = score + nearMargin;
    }
  }
}

function offerSlice(
  places: Uint32Array,
  { rows, bases, margin }: ChunkPart,
  scores: RowScores,
  takers: readonly ScoreTaker[],
  open: Narrowed,
): void {
  open.count = 0;
  for (const place of places) {
    const row = rows[place] as number;
    const base = bases[place] as number;
    const [least, most] = [base - scores.margin, base + margin];
    if (isOpenTo(takers, row, least, most)) open.add(row, least, most);
    else offer(row, least, most, scores, takers);
  }
  if (scores.margin > 0 && open.count >= LEAST_GATHERED) open.byCosines(scores);
  for (let i = 0; i < open.count; i++) {
    const row = open.rows[i] as number;
    offer(row, open.least[i] as number, open.most[i] as number, scores, takers);
  }
}

/** A row that is not among the best. */
function countBehind(takers: readonly ScoreTaker[], row: number): void {
  for (const { rows, seen } of takers) if (rows.has(row)) seen.behind += 1;
}

function floorOf({ best, least }: ScoreTaker): number {
  return Math.max(least, -best.worst);
}

function isOpenTo(
  takers: readonly ScoreTaker[],
  row: number,
  least: number,
  most: number,
): boolean {
  for (const taker of takers) {
    const isAsked = taker.rows.has(row) && !isBefore(taker, least);
    if (isAsked && isUndecided(taker, most)) return true;
  }
  return false;
}

/** Whether a row of at least this score surely comes before what is wanted. */
function isBefore({ after }: ScoreTaker, least: number): boolean {
  return after !== undefined && least > after.score;
}

/** A row of less is surely not among the best, and behind. */
function leastOf(taker: ScoreTaker): number {
  return Math.min(floorOf(taker), taker.after?.score ?? Infinity);
}

function isUndecided(taker: ScoreTaker, most: number): boolean {
  return most >= leastOf(taker);
}

function offer(
  row: number,
  least: number,
  most: number,
  scores: RowScores,
  takers: readonly ScoreTaker[],
): void {
  let score: number | undefined;
  for (const taker of takers) {
    const { rows, best, after, seen } = taker;
    if (!rows.has(row) || isBefore(taker, least)) continue;
    if (isUndecided(taker, most)) {
      score ??= scores.margin === 0 ? least : scores.score(row);
      if (after !== undefined && !isBehind(scores, row, score, after)) continue;
      if (score >= floorOf(taker)) best.offer(row, -score);
    }
    seen.behind += 1;
  }
}

function isBehind(
  scores: RowScores,
  row: number,
  score: number,
  after: NonNullable<ScoreTaker['after']>,
): boolean {
  if (score !== after.score) return score < after.score;
  return compareBytes(scores.id(row), after.id) > 0;
}

/** The places of `values`, a greater class first; of one class as they come. */
function greatestFirst(values: Float64Array): {
  order: Uint32Array;
  /** What no value from a place of `order` on is above. */
  mostFrom: (place: number) => number;
} {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const scale = most > least ? (CLASSES - 1) / (most - least) : 0;
  const ends = new Uint32Array(CLASSES + 1);
  const classOf = (value: number): number => Math.floor((most - value) * scale);
  for (const value of values) {
    const at = classOf(value) + 1;
    ends[at] = (ends[at] as number) + 1;
  }
  for (let i = 1; i <= CLASSES; i++) ends[i] = (ends[i] as number) + (ends[i - 1] as number);
  const order = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const at = classOf(values[i] as number);
    const place = ends[at] as number;
    order[place] = i;
    ends[at] = place + 1;
  }
  const mostFrom = (place: number): number =>
    scale === 0 ? most : most - classOf(values[place] as number) / scale + ROUNDING;
  return { order, mostFrom };
}
