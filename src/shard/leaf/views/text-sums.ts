import type { Budget } from '../../../core/budget.js';
import type { Bitset } from '../../index/bitset.js';
import { CHUNK_ROWS, type PostingRun, type Postings } from '../../index/terms/postings.js';
import { eachPart, isLookUpCheaper, postingsOfSlot } from '../words/slot-postings.js';
import type { ViewSlot, ViewText } from '../words/view-text.js';

/** Chunks kept from one search to the next, half a megabyte each. */
const MAX_KEPT = 32;

const kept: Float64Array[] = [];

/** Sums that are cleared together in the time in which one is by itself. */
const CLEARED_AT_ONCE = 8;

/** A row's place in its chunk's sums. */
const PLACE = CHUNK_ROWS - 1;

/**
 * The sums of the words' scores of a view's rows, each slot added in the query's order (term at a time; Buckley
 * and Lewit, 1985): walked for all rows at once, or looked up for each where few are asked for. Both add the
 * same numbers in the same order.
 */
export class TextSums {
  /** By chunk of rows; undefined: no row of it has a word. */
  private readonly chunks: (Float64Array | undefined)[] = [];

  private constructor(
    private readonly text: ViewText,
    private readonly isWalked: boolean,
  ) {}

  /** @param wanted rows that are asked for; undefined where the budget was spent first */
  static async of(text: ViewText, wanted: Bitset, budget: Budget): Promise<TextSums | undefined> {
    if (isLookUpCheaper(wanted.count(), text.slots)) return new TextSums(text, false);
    const sums = new TextSums(text, true);
    for (const slot of text.slots) {
      if (await sums.addSlot(slot, budget)) continue;
      sums.release();
      return undefined;
    }
    return sums;
  }

  /** The text score of a row. */
  scoreOf(row: number): number {
    if (!this.isWalked) return this.text.scoreOf(row);
    const sum = this.chunks[row >>> 16]?.[row & PLACE] ?? 0;
    return this.text.asked.score(sum);
  }

  /** Gives its memory to the next; nothing may be asked of it any more. */
  release(): void {
    const { slots } = this.text;
    const postings = slots.reduce((sum, slot) => sum + postingsOfSlot(slot), 0);
    const isSparse = postings * CLEARED_AT_ONCE < this.chunks.length * CHUNK_ROWS;
    if (isSparse) this.clear();
    for (const chunk of this.chunks.splice(0)) giveBack(chunk, isSparse);
  }

  /** Where there is a sum there is a posting. */
  private clear(): void {
    for (const { alternatives } of this.text.slots) {
      for (const { postings } of alternatives) {
        for (const { base, rowsAt, count } of postings.runs) {
          const chunk = this.chunks[base / CHUNK_ROWS];
          const end = rowsAt + count;
          for (let i = rowsAt; chunk !== undefined && i < end; i++) {
            chunk[postings.rows[i] as number] = 0;
          }
        }
      }
    }
  }

  private async addSlot({ alternatives }: ViewSlot, budget: Budget): Promise<boolean> {
    const [only] = alternatives;
    if (only !== undefined && alternatives.length === 1) {
      return eachPart(only.postings, budget, (run, from, to) => {
        add(only.postings, only.scores, run, from, to, this.chunkOf(run));
      });
    }
    const best: (Float64Array | undefined)[] = [];
    const bestOf = ({ base }: PostingRun): Float64Array =>
      (best[base / CHUNK_ROWS] ??= takeChunk());
    let goesOn = true;
    for (const { postings, scores } of alternatives) {
      goesOn &&= await eachPart(postings, budget, (run, from, to) => {
        raise(postings, scores, run, from, to, bestOf(run));
      });
    }
    for (const { postings } of alternatives) {
      goesOn &&= await eachPart(postings, budget, (run, from, to) => {
        move(postings, run, from, to, bestOf(run), this.chunkOf(run));
      });
    }
    for (const chunk of best) giveBack(chunk, goesOn);
    return goesOn;
  }

  private chunkOf({ base }: PostingRun): Float64Array {
    return (this.chunks[base / CHUNK_ROWS] ??= takeChunk());
  }
}

function takeChunk(): Float64Array {
  return kept.pop() ?? new Float64Array(CHUNK_ROWS);
}

function giveBack(chunk: Float64Array | undefined, isClear = false): void {
  if (chunk === undefined || kept.length >= MAX_KEPT) return;
  if (!isClear) chunk.fill(0);
  kept.push(chunk);
}

function add(
  { rows, impacts }: Postings,
  scores: Float64Array,
  { rowsAt, impactsAt }: PostingRun,
  from: number,
  to: number,
  sums: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    const place = rows[rowsAt + i] as number;
    const score = scores[impacts[impactsAt + i] as number] as number;
    sums[place] = (sums[place] as number) + score;
  }
}

/** Where it is better than the slot's other alternatives so far. */
function raise(
  { rows, impacts }: Postings,
  scores: Float64Array,
  { rowsAt, impactsAt }: PostingRun,
  from: number,
  to: number,
  best: Float64Array,
): void {
  for (let i = from; i < to; i++) {
    const place = rows[rowsAt + i] as number;
    const score = scores[impacts[impactsAt + i] as number] as number;
    if (score > (best[place] as number)) best[place] = score;
  }
}

/** Adds the best to the sums, each once. */
function move(
  { rows }: Postings,
  { rowsAt }: PostingRun,
  from: number,
  to: number,
  best: Float64Array,
  sums: Float64Array,
): void {
  for (let i = rowsAt + from; i < rowsAt + to; i++) {
    const place = rows[i] as number;
    sums[place] = (sums[place] as number) + (best[place] as number);
    best[place] = 0;
  }
}
