import type { Budget } from '../../../core/budget.js';
import { compareBytes } from '../../../core/ids.js';
import type { Bitset } from '../../index/bitset.js';
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

/** Rows ordered at once. */
const CHUNK_ROWS = 65_536;
/** Classes of rows by the bound of their score. */
const CLASSES = 256;
/** Rows looked at between two looks at the budget. */
const SLICE_ROWS = 1_024;

/**
 * Offers the best rows of a block by score to all who want them, each row's score worked out once. Rows come
 * by what their score is without the cosine, the greatest first, so that those whose cosine could not bring
 * them among the best are soon told: they need none.
 */
export async function offerByScore(
  wanted: Bitset,
  scores: RowScores,
  takers: readonly ScoreTaker[],
  budget: Budget,
): Promise<void> {
  for (let from = 0; from < wanted.size; from += CHUNK_ROWS) {
    const rows = wanted.rows(from, Math.min(wanted.size, from + CHUNK_ROWS));
    if (rows.length === 0) continue;
    const bases = new Float64Array(rows.length);
    for (let at = 0; at < rows.length; at += SLICE_ROWS) {
      const end = Math.min(rows.length, at + SLICE_ROWS);
      for (let i = at; i < end; i++) bases[i] = scores.base(rows[i] as number);
      if (budget.spend(end - at) && !(await budget.pause())) return;
    }
    const order = greatestFirst(bases);
    for (let at = 0; at < order.length; at += SLICE_ROWS) {
      const end = Math.min(order.length, at + SLICE_ROWS);
      for (let n = at; n < end; n++) {
        const i = order[n] as number;
        offer(rows[i] as number, bases[i] as number, scores, takers);
      }
      if (budget.spend(end - at) && !(await budget.pause())) return;
    }
  }
}

function offer(row: number, base: number, scores: RowScores, takers: readonly ScoreTaker[]): void {
  const { margin } = scores;
  let score: number | undefined;
  for (const { rows, best, after, least, seen } of takers) {
    if (!rows.has(row)) continue;
    if (after !== undefined && base - margin > after.score) continue;
    const floor = Math.max(least, -best.worst);
    if (base + margin < floor && (after === undefined || base + margin < after.score)) {
      seen.behind += 1;
      continue;
    }
    score ??= margin === 0 ? base : scores.score(row);
    if (after !== undefined && !isBehind(scores, row, score, after)) continue;
    seen.behind += 1;
    if (score >= floor) best.offer(row, -score);
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

/** The places of `values`, roughly the greatest first: by class, of one class as they come. */
function greatestFirst(values: Float64Array): Uint32Array {
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
  return order;
}
