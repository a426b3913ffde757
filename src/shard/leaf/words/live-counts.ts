import type { Budget } from '../../../core/budget.js';
import type { Bitset } from '../../index/bitset.js';
import type { SegmentView } from '../../index/segment-view.js';
import { impactOn, rowsOf, type Postings } from '../../index/terms/postings.js';
import { SEQUENCE_UNITS, standsIn } from './narrow.js';

/** Counts that are kept of a segment's live rows. */
const MAX_KEPT = 65_536;
/** So many times fewer dead rows than postings are looked up, instead of walking these. */
const LOOK_UP_FACTOR = 16;

/** By the dead rows: a delete makes another set of them. */
const kept = new WeakMap<Bitset, Map<string, number>>();

/**
 * How many live rows of a view have a word, or a title with two words side by side. Where nothing is
 * dead the first is how many postings there are; else they are walked, and what was found is kept.
 */
export class LiveCounts {
  private deadRows: Uint32Array | undefined;

  constructor(
    private readonly view: SegmentView,
    private readonly budget: Budget,
  ) {}

  /** @param word its number in the view */
  async word(word: number): Promise<number> {
    const { view } = this;
    if (view.deadCount > 0) return this.once(`${word}`, () => this.countWord(word));
    // A tail has words of rows that came later.
    if (view.ranges === undefined) return view.postings(word).count;
    return view.terms.frequency(word);
  }

  /** @param pair their numbers */
  async adjacent(pair: readonly [number, number]): Promise<number> {
    return this.once(pair.join(), () => this.countAdjacent(pair));
  }

  /** Counted once for a segment as it is, unless the budget cut it short. */
  private async once(key: string, count: () => Promise<number>): Promise<number> {
    const { view } = this;
    if (view.ranges === undefined) return count();
    let counts = kept.get(view.dead);
    if (counts === undefined || counts.size >= MAX_KEPT) {
      counts = new Map();
      kept.set(view.dead, counts);
    }
    const known = counts.get(key);
    if (known !== undefined) return known;
    const counted = await count();
    if (!this.budget.isSpent()) counts.set(key, counted);
    return counted;
  }

  private async countWord(word: number): Promise<number> {
    const { view, budget } = this;
    const postings = view.postings(word);
    if (view.deadCount * LOOK_UP_FACTOR < postings.count) {
      this.deadRows ??= view.dead.rows(0, view.rows);
      let { count } = postings;
      for (const row of this.deadRows) {
        if (impactOn(postings, row) > 0) count -= 1;
        if (budget.spend(1) && !(await budget.pause())) break;
      }
      return count;
    }
    return this.count(postings, 1, () => true);
  }

  private async countAdjacent(pair: readonly [number, number]): Promise<number> {
    const { view } = this;
    const [first, second] = pair.map((word) => view.postings(word)) as [Postings, Postings];
    const rarer = first.count < second.count ? first : second;
    return this.count(rarer, SEQUENCE_UNITS, (row) => standsIn(view.terms.sequence(row), pair));
  }

  /** The live rows of which `isCounted` says so, each for so many units of work. */
  private async count(
    postings: Postings,
    units: number,
    isCounted: (row: number) => boolean,
  ): Promise<number> {
    const { view, budget } = this;
    let count = 0;
    for (const row of rowsOf(postings)) {
      if (!view.dead.has(row) && isCounted(row)) count += 1;
      if (budget.spend(units) && !(await budget.pause())) break;
    }
    return count;
  }
}
