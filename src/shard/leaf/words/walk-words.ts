import type { Budget } from '../../../core/budget.js';
import { CHUNK_ROWS, postingsBefore, type PostingRun } from '../../index/terms/postings.js';
import type { Selection } from '../selection.js';
import { withAccumulators, type Accumulators } from './accumulators.js';
import type { RowSink } from './best-rows.js';
import type { ViewAlternative, ViewSlot, ViewText } from './view-text.js';

/** Rounding of a division and a product: a sum that is lower by more is surely below the floor. */
const ROUNDING = 1e-12;

/** What a walk has seen. */
export interface Walked {
  /** Selected rows that have a word or match exactly. */
  matches: number;
  postings: number;
}

/**
 * Offers every selected row of a view that has one of the words, or matches exactly, with its score;
 * those that surely lie below the sink's floor only count. A chunk of rows at a time: each slot adds
 * what it gives to the sums of its rows, in the query's order (term-at-a-time; Buckley and Lewit, 1985).
 * Ends early, with what was walked, when the budget is spent.
 */
export async function walkWords(
  text: ViewText,
  selection: Selection,
  sink: RowSink,
  budget: Budget,
): Promise<Walked> {
  const walk = new Walk(text, selection, sink, budget);
  if (!(await walk.exact())) return walk.walked;
  const [only, ...others] = text.slots;
  if (only === undefined) return walk.walked;
  const [alternative, ...more] = only.walked;
  if (others.length === 0 && more.length === 0 && alternative !== undefined) {
    await walk.single(alternative);
  } else {
    await withAccumulators(async (own) => ((await walk.all(own)) ? 'clean' : 'used'));
  }
  return walk.walked;
}

/** Postings [from, to) of a run. */
type Part = readonly [from: number, to: number];

class Walk {
  readonly walked: Walked = { matches: 0, postings: 0 };
  /** A lower sum is surely below the sink's floor. */
  private leastSum = -Infinity;

  constructor(
    private readonly text: ViewText,
    private readonly selection: Selection,
    private readonly sink: RowSink,
    private readonly budget: Budget,
  ) {}

  /** Rows that match exactly, whatever words they have. They are few, and looked up one by one. */
  async exact(): Promise<boolean> {
    for (const [row, score] of this.text.exact) {
      if (this.isSelected(row) && this.isInRanges(row)) {
        this.walked.matches += 1;
        this.sink.offer(row, this.text.scoreOf(row), score);
      }
      if (this.budget.spend(this.text.slots.length) && !(await this.budget.pause())) return false;
    }
    return true;
  }

  /** One word: its postings are the sums. */
  async single({ postings, scores }: ViewAlternative): Promise<void> {
    for (const run of postings.runs) {
      for (const [from, to] of this.parts(run, postings.rows)) {
        for (let i = from; i < to; i++) {
          const row = run.base + (postings.rows[run.rowsAt + i] as number);
          this.take(row, scores[postings.impacts[run.impactsAt + i] as number] as number);
        }
        this.walked.postings += to - from;
        if (this.budget.spend(to - from) && !(await this.budget.pause())) return;
      }
    }
  }

  /** False where the budget was spent: the accumulators are in use then. */
  async all(own: Accumulators): Promise<boolean> {
    const { rows } = this.text.view;
    for (let base = 0; base < rows; base += CHUNK_ROWS) {
      const slots = this.slotsIn(base);
      for (const slot of slots) if (!(await this.add(slot, own))) return false;
      for (const slot of slots) if (!(await this.collect(slot, base, own.sums))) return false;
    }
    return true;
  }

  private slotsIn(base: number): SlotRuns[] {
    const found: SlotRuns[] = [];
    for (const slot of this.text.slots) {
      const runs = runsIn(slot, base);
      if (runs.length > 0) found.push(runs);
    }
    return found;
  }

  private async add(slot: SlotRuns, { sums, best }: Accumulators): Promise<boolean> {
    const [only] = slot;
    if (only !== undefined && slot.length === 1) {
      return this.eachPart(only, (part) => addScores(only, part, sums));
    }
    for (const each of slot) {
      if (!(await this.eachPart(each, (part) => raiseScores(each, part, best)))) return false;
    }
    for (const each of slot) {
      if (!(await this.eachPart(each, (part) => moveScores(each, part, best, sums)))) return false;
    }
    return true;
  }

  /** Takes each row's sum, once, and clears it. */
  private async collect(slot: SlotRuns, base: number, sums: Float64Array): Promise<boolean> {
    for (const each of slot) {
      const { rows } = each.postings;
      const { rowsAt } = each.run;
      const collected = await this.eachPart(each, ([from, to]) => {
        this.walked.postings += to - from;
        for (let i = rowsAt + from; i < rowsAt + to; i++) {
          const place = rows[i] as number;
          const sum = sums[place] as number;
          if (sum === 0) continue;
          sums[place] = 0;
          this.take(base + place, sum);
        }
      });
      if (!collected) return false;
    }
    return true;
  }

  /** False where the budget was spent first. */
  private async eachPart(
    { run, postings }: AlternativeRun,
    work: (part: Part) => void,
  ): Promise<boolean> {
    for (const part of this.parts(run, postings.rows)) {
      work(part);
      if (this.budget.spend(part[1] - part[0]) && !(await this.budget.pause())) return false;
    }
    return true;
  }

  private take(row: number, sum: number): void {
    const { text, sink } = this;
    if (!this.isSelected(row) || (text.exact.size > 0 && text.exact.has(row))) return;
    this.walked.matches += 1;
    if (sum < this.leastSum) return;
    const { total } = text.asked;
    sink.offer(row, sum / total, 0);
    this.leastSum = sink.floor * total * (1 - ROUNDING);
  }

  private isSelected(row: number): boolean {
    const { mask } = this.selection;
    return mask === undefined ? !this.text.view.dead.has(row) : mask.has(row);
  }

  private isInRanges(row: number): boolean {
    return this.selection.ranges?.some(({ from, to }) => row >= from && row < to) ?? true;
  }

  /** What of a run lies in the categories asked for, since rows are sorted by them; piece by piece. */
  private parts(run: PostingRun, rows: Uint16Array): readonly Part[] {
    const { ranges } = this.selection;
    const parts: Part[] = [];
    if (ranges === undefined) cut(0, run.count, parts);
    for (const { from, to } of ranges ?? []) {
      if (to <= run.base || from >= run.base + CHUNK_ROWS) continue;
      const first = postingsBefore(rows, run, from - run.base);
      cut(first, postingsBefore(rows, run, to - run.base), parts);
    }
    return parts;
  }
}

/** Postings looked at between two looks at the budget: a millisecond where each row is scored in full. */
const PART_POSTINGS = 4_096;

function cut(from: number, to: number, parts: Part[]): void {
  for (let at = from; at < to; at += PART_POSTINGS) {
    parts.push([at, Math.min(to, at + PART_POSTINGS)]);
  }
}

/** An alternative's run in one chunk. */
interface AlternativeRun extends ViewAlternative {
  run: PostingRun;
}

type SlotRuns = readonly AlternativeRun[];

function runsIn({ walked }: ViewSlot, base: number): SlotRuns {
  const found: AlternativeRun[] = [];
  for (const { postings, scores } of walked) {
    const run = postings.runs.find((each) => each.base === base);
    if (run !== undefined) found.push({ postings, scores, run });
  }
  return found;
}

function addScores(
  { postings, scores, run }: AlternativeRun,
  part: Part,
  sums: Float64Array,
): void {
  const { rows, impacts } = postings;
  const { rowsAt, impactsAt } = run;
  for (let i = part[0]; i < part[1]; i++) {
    const place = rows[rowsAt + i] as number;
    const score = scores[impacts[impactsAt + i] as number] as number;
    sums[place] = (sums[place] as number) + score;
  }
}

/** Where it is better than the slot's other alternatives so far. */
function raiseScores(
  { postings, scores, run }: AlternativeRun,
  part: Part,
  best: Float64Array,
): void {
  const { rows, impacts } = postings;
  const { rowsAt, impactsAt } = run;
  for (let i = part[0]; i < part[1]; i++) {
    const place = rows[rowsAt + i] as number;
    const score = scores[impacts[impactsAt + i] as number] as number;
    if (score > (best[place] as number)) best[place] = score;
  }
}

/** Adds the best to the sums, each once. */
function moveScores(
  { postings, run }: AlternativeRun,
  part: Part,
  best: Float64Array,
  sums: Float64Array,
): void {
  const { rows } = postings;
  for (let i = run.rowsAt + part[0]; i < run.rowsAt + part[1]; i++) {
    const place = rows[i] as number;
    sums[place] = (sums[place] as number) + (best[place] as number);
    best[place] = 0;
  }
}
