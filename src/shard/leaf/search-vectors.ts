import type { TopK } from '../../core/top-k.js';
import type { SegmentView } from '../index/segment-view.js';
import type { LeafHit, LeafRun } from './leaf-hit.js';
import { runStep } from './run-step.js';
import { planView, widen, type Step } from './search-plan.js';
import type { Selection } from './selection.js';

/** A view with the rows of it that may be returned. */
export interface SelectedView {
  view: SegmentView;
  selection: Selection;
}

/**
 * Offers the best of the selected rows by their vectors, those of each view on the cheapest way; what
 * was found, when the budget is spent. Returns whether a graph chose some of them: else they are exact.
 */
export async function searchVectors(
  selected: readonly SelectedView[],
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<boolean> {
  const { budget } = run;
  let byGraph = false;
  for (const { view, selection } of selected) {
    if (budget.isSpent()) break;
    for (const step of planView(view, selection, run)) {
      const last = await searchStep(view, step, run, top);
      byGraph ||= last.graph !== undefined;
      if (budget.spend(0) && !(await budget.pause())) break;
    }
  }
  return byGraph;
}

/** Runs a step and what has to follow it; returns the one whose hits stand. */
async function searchStep(
  view: SegmentView,
  planned: Step,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<Step> {
  for (let step = planned; ;) {
    const shortfall = await runStep(view, step, run, top);
    if (shortfall === undefined || step.graph === undefined) return step;
    if (run.budget.isSpent()) return step;
    step = widen(view, step, shortfall, run);
  }
}
