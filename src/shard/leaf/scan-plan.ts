import type { Codes } from '../engine/codes.js';
import type { SegmentView } from '../index/segment-view.js';
import type { CostModel } from './cost-model.js';
import { countIn, type Selection } from './selection.js';

/** Rows [from, to): a slab, or some slabs that there are codes of. */
export interface RowRun {
  from: number;
  to: number;
  codes?: Codes | undefined;
}

/** How the selected rows of a view are compared with a query. */
export interface ScanPlan {
  /** Runs that are scanned as they lie, whatever of them is selected. */
  whole: RowRun[];
  /** Where the selected rows are copied together first: few in a run, or runs of few rows. */
  scattered: RowRun[];
  /** Selected rows of `scattered`. */
  gathered: number;
  costUs: number;
}

/** Of fewer matches among so many rows codes would seldom tell for sure which are the best. */
const LEAST_BY_CODES = 0.25;

/** For each run with selected rows the cheaper way, by the cost model. */
export function planScan(view: SegmentView, selection: Selection, costs: CostModel): ScanPlan {
  const { dimensions } = view.vectors;
  const plan: ScanPlan = { whole: [], scattered: [], gathered: 0, costUs: 0 };
  // All that is gathered is scanned together: what a scan costs by itself is paid once.
  const onceUs = costs.estimateUs('gather', 0, dimensions);
  for (const run of rowRuns(view, selection)) {
    const rows = run.to - run.from;
    const matching = countIn(view, selection, run);
    if (matching === 0) continue;
    const slabsUs = costs.estimateUs('scan', rows, dimensions);
    const hasCodes = run.codes !== undefined && matching >= rows * LEAST_BY_CODES;
    const codesUs = hasCodes ? costs.estimateUs('codes', rows, dimensions) : Infinity;
    const scanUs = Math.min(slabsUs, codesUs);
    const gatherUs = costs.estimateUs('gather', matching, dimensions) - onceUs;
    if (gatherUs < scanUs) {
      plan.scattered.push(run);
      plan.gathered += matching;
    } else {
      plan.whole.push(codesUs < slabsUs ? run : { from: run.from, to: run.to });
    }
    plan.costUs += Math.min(gatherUs, scanUs);
  }
  return plan;
}

/** The runs that can hold selected rows. What has codes is not sorted by category: any of it can. */
function* rowRuns(view: SegmentView, { ranges }: Selection): Iterable<RowRun> {
  const { vectors, rows } = view;
  const { count, starts, coded } = vectors;
  if (coded !== undefined) {
    yield* coded;
    return;
  }
  for (const range of ranges ?? [{ from: 0, to: rows }]) {
    if (range.from >= range.to) continue;
    for (let slab = vectors.slabOf(range.from); slab < count; slab++) {
      const from = starts[slab] as number;
      if (from >= range.to) break;
      yield { from, to: starts[slab + 1] as number };
    }
  }
}
