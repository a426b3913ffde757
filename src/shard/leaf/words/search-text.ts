import type { Budget } from '../../../core/budget.js';
import { TopK, type Scored } from '../../../core/top-k.js';
import { fusedScore } from '../../../query/leaf-result.js';
import type { TextQuery } from '../../../query/text-query.js';
import type { SegmentView } from '../../index/segment-view.js';
import {
  scanUnits,
  scoreOf,
  SCORE_MARGIN,
  type FoundHits,
  type LeafHit,
  type LeafRun,
  type ScoreParts,
} from '../leaf-hit.js';
import { searchVectors, type SelectedView } from '../search-vectors.js';
import { AskedText } from './asked-text.js';
import { BestRows, type RowSink } from './best-rows.js';
import { describeWords } from './describe-words.js';
import { narrow } from './narrow.js';
import { ViewText } from './view-text.js';
import { walkWords } from './walk-words.js';

/** So many of the best by words, and of the best by vector, are scored in full (ranking). */
const CANDIDATES = 100;

/**
 * Postings of one slot that are walked for candidates: of the many words that begin alike the commonest.
 * What is proposed is scored by all of them.
 */
const MOST_WALKED = 200_000;

/** A search by words, and by a vector where there is one. */
export interface TextRun extends Omit<LeafRun, 'vector'> {
  vector?: Float32Array | undefined;
}

/**
 * The best by words and vector together: the best by each, scored in full. In exact mode every row
 * that has a word is scored in full, and of the others, whose order is that of their vectors, the k
 * best of all by vector: no other can be among the k best.
 */
export async function searchText(
  selected: readonly SelectedView[],
  run: TextRun,
  query: TextQuery,
): Promise<FoundHits> {
  const search = new TextSearch(run, new AskedText(query));
  for (const each of selected) {
    if (run.budget.isSpent()) break;
    await search.addView(each);
  }
  return search.finish();
}

/** A row that has some of the words. */
interface WordHit extends Scored {
  view: SegmentView;
  row: number;
}

class TextSearch {
  private readonly top: TopK<LeafHit>;
  /** The best by words, of all views. */
  private readonly words: TopK<WordHit>;
  private readonly limit: number;
  private readonly texts = new Map<SegmentView, ViewText>();
  private readonly narrowed: SelectedView[] = [];
  private readonly budget: Budget;
  /** Rows that have a word or match exactly. */
  private matches = 0;

  constructor(
    private readonly run: TextRun,
    private readonly asked: AskedText,
  ) {
    this.budget = run.budget;
    this.limit = Math.max(CANDIDATES, run.k);
    this.top = new TopK(run.k);
    this.words = new TopK(this.limit);
  }

  /** Looks for the words in one view. */
  async addView(selected: SelectedView): Promise<void> {
    const { asked, budget, run } = this;
    const { view } = selected;
    const selection = await narrow(view, selected.selection, asked, budget);
    if (selection.count === 0) return;
    this.narrowed.push({ view, selection });
    const most = run.exact ? Infinity : MOST_WALKED;
    const text = await ViewText.of(view, asked, most, budget);
    this.texts.set(view, text);
    const walk = async (): Promise<undefined> => {
      const best = new BestRows(view, this.limit, this.words.floor);
      const sink = run.exact ? this.scoring(text) : best;
      const walked = await walkWords(text, selection, sink, budget);
      run.trace?.walked(walked.postings);
      this.matches += walked.matches;
      best.forEach((row, score) => {
        this.words.offer({ id: view.id(row), score, view, row });
      });
    };
    if (run.trace === undefined) await walk();
    else await run.trace.step(describeWords(text, selection), budget, walk);
  }

  async finish(): Promise<FoundHits> {
    const { run, asked, narrowed, top, words } = this;
    const proposed = new Map<SegmentView, Set<number>>();
    for (const { view, row } of words.sorted()) {
      this.offer(this.texts.get(view) as ViewText, row);
      const rows = proposed.get(view) ?? new Set<number>();
      proposed.set(view, rows.add(row));
    }
    const selectedRows = narrowed.reduce((sum, { selection }) => sum + selection.count, 0);
    const { vector } = run;
    if (vector === undefined) {
      return {
        hits: top.sorted(),
        matches: this.matches,
        more: this.matches > run.k,
        byGraph: false,
      };
    }
    const near = new TopK<LeafHit>(run.exact ? run.k : this.limit);
    const byGraph = await searchVectors(
      narrowed,
      { ...run, vector, k: run.exact ? run.k : this.limit },
      near,
    );
    const nearest = near.sorted();
    let byMeaning = 0;
    for (const hit of nearest) {
      const text = this.texts.get(hit.view);
      if (text === undefined || proposed.get(hit.view)?.has(hit.row) === true) continue;
      const hasWords = text.scoreOf(hit.row) + text.exactScoreOf(hit.row) > 0;
      if (!hasWords && hit.score < asked.cutoff) continue;
      if (!hasWords) byMeaning += 1;
      // In exact mode it was offered when the words were walked.
      if (!hasWords || !run.exact) this.offer(text, hit.row, hit.score);
    }
    const isCut = asked.cutoff > -Infinity;
    const matches = isCut ? this.matches + byMeaning : selectedRows;
    const last = nearest.at(-1)?.score ?? -Infinity;
    const isFull = nearest.length >= (run.exact ? run.k : this.limit);
    const more = matches > run.k || (isFull && last >= asked.cutoff && selectedRows > run.k);
    return { hits: top.sorted(), matches, more, byGraph };
  }

  /** Scores each row that is offered at once: all of them, but for those that cannot be among the best. */
  private scoring(text: ViewText): RowSink {
    const { top } = this;
    const most = this.run.vector === undefined ? 0 : fusedScore(0, 1 + SCORE_MARGIN, 0);
    return {
      get floor() {
        return top.floor - most;
      },
      offer: (row, words, exact) => this.offerScored(text, row, words, exact),
    };
  }

  private offer(text: ViewText, row: number, vector?: number): void {
    this.offerScored(text, row, text.scoreOf(row), text.exactScoreOf(row), vector);
  }

  private offerScored(
    { view }: ViewText,
    row: number,
    text: number,
    exact: number,
    known?: number,
  ): void {
    const { run, top } = this;
    const vector = known ?? this.cosine(view, row);
    const score = fusedScore(text, vector, exact);
    if (score < top.floor) return;
    const parts: ScoreParts = { text, vector, exact, boost: 0 };
    top.offer({ id: view.id(row), score, version: view.version(row), view, row, parts });
    run.trace?.scored();
  }

  private cosine(view: SegmentView, row: number): number {
    const { vector } = this.run;
    if (vector === undefined) return 0;
    this.budget.spend(scanUnits(1, vector.length));
    return scoreOf(vector, view.vectors, row);
  }
}
