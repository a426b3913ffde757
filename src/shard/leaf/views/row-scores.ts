import type { Budget } from '../../../core/budget.js';
import { fusedScore, VECTOR_WEIGHT } from '../../../query/leaf-result.js';
import type { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import { cosinesOf } from '../gather.js';
import { scanUnits, scoreOf, SCORE_MARGIN, type LeafHit, type ScoreParts } from '../leaf-hit.js';
import type { NearRows } from '../set/set-rows.js';
import type { ViewText } from '../words/view-text.js';
import { TextSums } from './text-sums.js';

/** What makes scores, whatever block they are of. */
export interface Scoring {
  /** Words count: a score is that of words and meaning together. */
  isText: boolean;
  vector: Float32Array | undefined;
  /** One weight a boost. */
  weights: readonly number[];
}

/** Whose scores. */
interface ScoredRows {
  view: SegmentView;
  /** Undefined where they add nothing. */
  words: ViewText | undefined;
  /** Undefined: any row may be near to the vector. */
  near?: NearRows | undefined;
}

/** The scores of one block's rows. */
export class RowScores {
  /** What the cosine of a row takes at most, and adds at most. */
  readonly margin: number;
  /** What it adds at most for a row that is not among `near`. */
  readonly farMargin: number;
  /** How much of a score the cosine is. */
  private readonly weight: number;

  private constructor(
    private readonly of: ScoredRows,
    private readonly scoring: Scoring,
    private readonly sums: TextSums | undefined,
    private readonly boosted: readonly Bitset[],
    private readonly budget: Budget,
  ) {
    const most = scoring.vector === undefined ? 0 : 1 + SCORE_MARGIN;
    this.weight = scoring.isText ? VECTOR_WEIGHT : 1;
    this.margin = this.weight * most;
    const { near } = of;
    const beyond = near === undefined ? most : near.beyond + SCORE_MARGIN;
    this.farMargin = scoring.vector === undefined ? 0 : this.weight * beyond;
  }

  /**
   * @param wanted rows that are asked for
   * @param boosted of each boost the rows that match it
   * @returns undefined where the budget was spent first
   */
  static async of(
    of: ScoredRows,
    wanted: Bitset,
    scoring: Scoring,
    boosted: readonly Bitset[],
    budget: Budget,
  ): Promise<RowScores | undefined> {
    const words = scoring.isText ? of.words : undefined;
    const sums = words && (await TextSums.of(words, wanted, budget));
    if (words !== undefined && sums === undefined) return undefined;
    return new RowScores({ ...of, words }, scoring, sums, boosted, budget);
  }

  id(row: number): string {
    return this.of.view.id(row);
  }

  /** The order of rows of one score. */
  compareIds(a: number, b: number): number {
    return this.of.view.compareIds(a, b);
  }

  release(): void {
    this.sums?.release();
  }

  text(row: number): number {
    return this.sums?.scoreOf(row) ?? 0;
  }

  exact(row: number): number {
    return this.of.words?.exactScoreOf(row) ?? 0;
  }

  boost(row: number): number {
    let sum = 0;
    for (let i = 0; i < this.boosted.length; i++) {
      if ((this.boosted[i] as Bitset).has(row)) sum += this.scoring.weights[i] as number;
    }
    return sum;
  }

  /** All of their scores but the cosines: each score is within `margin` of its base. */
  bases(rows: Uint32Array, bases: Float64Array): void {
    const isTextAlone = (this.of.words?.exact.size ?? 0) === 0 && this.boosted.length === 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      const text = this.text(row);
      bases[i] = isTextAlone ? text : text + this.exact(row) + this.boost(row);
    }
  }

  /** Those of the rows whose cosines may add more than `farMargin`; undefined: all. */
  nearOf(rows: Bitset): Bitset | undefined {
    const { near } = this.of;
    const isTold = near !== undefined && this.farMargin < this.margin;
    return isTold ? near.rows.copy().and(rows) : undefined;
  }

  /**
   * Of at most `GATHER_ROWS` rows what their cosines add, as float32 kernels have it: each is off by less than
   * `nearMargin`.
   */
  nearly(rows: ArrayLike<number>): Float32Array {
    const vector = this.scoring.vector as Float32Array;
    this.budget.spend(scanUnits(rows.length, vector.length));
    return cosinesOf(this.of.view.vectors, rows, vector).map((cosine) => this.weight * cosine);
  }

  /** Twice the kernels' margin: what is added is rounded as well. */
  get nearMargin(): number {
    return this.weight * 2 * SCORE_MARGIN;
  }

  private cosine(row: number): number {
    const { vector } = this.scoring;
    if (vector === undefined) return 0;
    this.budget.spend(scanUnits(1, vector.length));
    return scoreOf(vector, this.of.view.vectors, row);
  }

  /** Without an object a row: of a common word that is most of what it costs. */
  score(row: number): number {
    const cosine = this.cosine(row);
    const boost = this.boost(row);
    if (!this.scoring.isText) return cosine + boost;
    return fusedScore(this.text(row), cosine, this.exact(row), boost);
  }

  hit(row: number): LeafHit {
    const { view } = this.of;
    const [text, vector] = [this.text(row), this.cosine(row)];
    const [exact, boost] = [this.exact(row), this.boost(row)];
    const score = this.score(row);
    const parts: ScoreParts = { text, vector, exact, boost };
    return { id: view.id(row), score, version: view.version(row), view, row, parts };
  }
}
