import type { Block } from './block.js';
import type { CostModel } from './cost-model.js';
import type { Selection } from './selection.js';

/** Rows [from, to) of one slab. */
export interface Stretch {
  slab: number;
  from: number;
  to: number;
}

/** How the selected rows of a block are compared with a query. */
export interface ScanPlan {
  /** Slabs that are scanned as they lie, whatever of them is selected. */
  whole: Stretch[];
  /** Where the selected rows are copied together first: few in a slab, or slabs of few rows. */
  scattered: Stretch[];
  /** Selected rows of `scattered`. */
  gathered: number;
  costUs: number;
}

/** For each slab with selected rows the cheaper way, by the cost model. */
export function planScan(block: Block, selection: Selection, costs: CostModel): ScanPlan {
  const { dimensions } = block.vectors;
  const plan: ScanPlan = { whole: [], scattered: [], gathered: 0, costUs: 0 };
  // All that is gathered is scanned together: what a scan costs by itself is paid once.
  const onceUs = costs.estimateUs('gather', 0, dimensions);
  for (const stretch of stretches(block, selection)) {
    const rows = stretch.to - stretch.from;
    const dead = selection.mask === undefined ? block.dead.count(stretch.from, stretch.to) : 0;
    const matching = selection.mask?.count(stretch.from, stretch.to) ?? rows - dead;
    if (matching === 0) continue;
    const scanUs = costs.estimateUs('scan', rows, dimensions);
    const gatherUs = costs.estimateUs('gather', matching, dimensions) - onceUs;
    if (gatherUs < scanUs) {
      plan.scattered.push(stretch);
      plan.gathered += matching;
    } else {
      plan.whole.push(stretch);
    }
    plan.costUs += Math.min(gatherUs, scanUs);
  }
  return plan;
}

/** The slabs that can hold selected rows. */
function* stretches(block: Block, { ranges }: Selection): Iterable<Stretch> {
  const { vectors, rows } = block;
  const { slabs, starts } = vectors;
  for (const range of ranges ?? [{ from: 0, to: rows }]) {
    if (range.from >= range.to) continue;
    for (let slab = vectors.slabOf(range.from); slab < slabs.length; slab++) {
      const from = starts[slab] as number;
      if (from >= range.to) break;
      yield { slab, from, to: starts[slab + 1] as number };
    }
  }
}
