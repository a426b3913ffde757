import type { Budget } from '../../../core/budget.js';
import type { Boost } from '../../../query/result-set.js';
import { Bitset } from '../../index/bitset.js';
import { traced, type PlannedStep, type SearchTrace } from '../search-trace.js';
import { postingsOfSlot } from '../words/slot-postings.js';
import { describePart, type Block } from './block.js';
import type { NearRows } from '../set/set-rows.js';
import type { Matches } from './matches.js';
import { nearestOfMany } from './near-rows.js';
import type { ViewPart } from './view-task.js';
import { RowScores, type Scoring } from './row-scores.js';

/** The scores of the rows that are asked for, block by block, worked out when the first is wanted. */
export class BlockScores {
  private readonly wanted = new Map<Block, Bitset>();
  private readonly near = new Map<Block, NearRows>();
  /** Hits wanted of those that are the best by score. */
  private k = 0;
  private readonly known = new Map<Block, RowScores>();

  constructor(
    private readonly scoring: Scoring,
    private readonly boosts: readonly Boost[],
    private readonly matches: Matches,
    private readonly budget: Budget,
    private readonly trace: SearchTrace | undefined,
  ) {}

  /** These rows will be asked for. @param k the best by score of them; absent: each may be */
  want({ block, rows, near }: ViewPart, k = 0): void {
    if (near !== undefined) this.near.set(block, near);
    this.k = Math.max(this.k, k);
    const known = this.wanted.get(block);
    if (known === undefined) this.wanted.set(block, rows);
    else if (known !== rows) this.wanted.set(block, known.copy().or(rows));
  }

  /** Undefined where the budget was spent first. */
  async of(block: Block): Promise<RowScores | undefined> {
    const known = this.known.get(block);
    if (known !== undefined) return known;
    const { scoring, budget } = this;
    const wanted = this.wanted.get(block) ?? new Bitset(block.view.rows);
    const boosted = await this.boostedRows(block, wanted);
    const postings = block.words?.slots.map(postingsOfSlot) ?? [];
    const describe = (): PlannedStep => ({ ...describePart(block, 'words', wanted), postings });
    const near = await this.nearOf(block, wanted);
    const scores = await traced(this.trace, describe, budget, () =>
      RowScores.of({ ...block, near }, wanted, scoring, boosted, budget),
    );
    if (scores !== undefined) this.known.set(block, scores);
    return scores;
  }

  /** Undefined: any row may be near to the vector. */
  private async nearOf(block: Block, wanted: Bitset): Promise<NearRows | undefined> {
    const known = this.near.get(block);
    const { scoring, k, budget, trace } = this;
    const { vector, isText } = scoring;
    if (known === undefined || vector === undefined || !isText) return known;
    return nearestOfMany(block, wanted, known, { k, vector, budget, trace });
  }

  /** Gives memory back; nothing may be asked of it any more. */
  release(): void {
    for (const scores of this.known.values()) scores.release();
    this.known.clear();
  }

  /** Of each boost the rows that match it. */
  private async boostedRows(block: Block, wanted: Bitset): Promise<Bitset[]> {
    const boosted: Bitset[] = [];
    for (const { filter } of this.boosts) {
      const rows = wanted.copy();
      await this.matches.keep(rows, filter, block);
      boosted.push(rows);
    }
    return boosted;
  }
}
