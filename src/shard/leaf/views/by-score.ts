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
/** In a smaller block all rows are looked at: what graphs passed over is found among them. */
const LEAST_PARTED = 32_768;
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
  const open = new Narrowed();
  for (let from = 0; from < wanted.size; from += CHUNK_ROWS) {
    const rows = wanted.rows(from, Math.min(wanted.size, from + CHUNK_ROWS));
    if (rows.length === 0) continue;
    const bases = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at += SLICE_ROWS) {
      const end = at + SLICE_ROWS;
      scores.bases(rows.subarray(at, end), bases.subarray(at, end));
      if (budget.spend(SLICE_ROWS) && !(await budget.pause())) return;
    }
    for (const part of partsOf(rows, bases, scores)) {
      if (!(await offerPart(part, scores, takers, open, budget))) return;
    }
  }
}

/** Some rows of a chunk, by their bases: what their scores are without the cosine. */
interface ChunkPart {
  rows: Uint32Array;
  bases: Float64Array;
  /** Their places, a greater class of base first. */
  order: Uint32Array;
  /** What no base from a place of `order` on is above. */
  mostFrom: (place: number) => number;
  /** What a cosine adds at most. */
  margin: number;
}

/** Those that may be near to the vector, then the others; of few rows all may. */
function partsOf(rows: Uint32Array, bases: Float64Array, scores: RowScores): ChunkPart[] {
  const { order, mostFrom } = greatestFirst(bases);
  const all = { rows, bases, order, mostFrom, margin: scores.margin };
  if (scores.rows < LEAST_PARTED || scores.farMargin === scores.margin) return [all];
  const isNear = (place: number): boolean => scores.isNear(rows[place] as number);
  return [
    { ...all, order: order.filter(isNear) },
    { ...all, order: order.filter((place) => !isNear(place)), margin: scores.farMargin },
  ];
}

/** False where the budget was spent first. */
async function offerPart(
  part: ChunkPart,
  scores: RowScores,
  takers: readonly ScoreTaker[],
  open: Narrowed,
  budget: Budget,
): Promise<boolean> {
  const { rows, order, mostFrom, margin } = part;
  let isOver = false;
  for (let at = 0; at < order.length; at += SLICE_ROWS) {
    const slice = order.subarray(at, at + SLICE_ROWS);
    const most = mostFrom(order[at] as number) + margin;
    isOver ||= takers.every((taker) => !isUndecided(taker, most));
    if (isOver) for (const taker of takers) countBehind(taker, slice, rows);
    else offerSlice(slice, part, scores, takers, open);
    if (budget.spend(SLICE_ROWS) && !(await budget.pause())) return false;
  }
  return true;
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

/** Rows of which none is among the best. */
function countBehind({ rows: wanted, seen }: ScoreTaker, places: Uint32Array, rows: Uint32Array) {
  for (const place of places) if (wanted.has(rows[place] as number)) seen.behind += 1;
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

/** Whether a row of at most this score may be among the best, or may not be behind. */
function isUndecided(taker: ScoreTaker, most: number): boolean {
  const { after } = taker;
  return most >= floorOf(taker) || (after !== undefined && most >= after.score);
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
function greatestFirst(values: Float64Array): Pick<ChunkPart, 'order' | 'mostFrom'> {
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
