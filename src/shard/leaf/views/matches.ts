import type { Budget } from '../../../core/budget.js';
import type { Filter } from '../../../filter/filter.js';
import type { Bitset } from '../../index/bitset.js';
import { AskedFilter } from '../asked-filter.js';
import { setUnits, type Block } from './block.js';

/**
 * The rows that match the filters of one search. Its views' filters have most of their clauses in common: each
 * clause is asked of a block once.
 */
export class Matches {
  private readonly clauses = new Map<string, AskedFilter>();
  private readonly known = new Map<Block, Map<AskedFilter, Bitset>>();

  constructor(private readonly budget: Budget) {}

  /** Leaves of `rows` those that match; some of them, where the budget is spent first. */
  async keep(rows: Bitset, filter: Filter, block: Block): Promise<void> {
    const { budget } = this;
    for (const clause of clausesOf(filter)) {
      if (budget.isSpent()) {
        rows.words.fill(0);
        return;
      }
      rows.and(await this.clause(clause, block));
      budget.spend(setUnits(rows.size));
    }
  }

  private async clause(filter: Filter, block: Block): Promise<Bitset> {
    const key = JSON.stringify(filter);
    const asked = this.clauses.get(key) ?? new AskedFilter(filter);
    this.clauses.set(key, asked);
    const ofBlock = this.known.get(block) ?? new Map<AskedFilter, Bitset>();
    this.known.set(block, ofBlock);
    let rows = ofBlock.get(asked);
    if (rows === undefined) {
      rows = await asked.rows(block.view, block.columns, this.budget);
      ofBlock.set(asked, rows);
    }
    return rows;
  }
}

function clausesOf(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.of.flatMap(clausesOf) : [filter];
}
