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
 * was found, when the budget is spent.
 */
export async function searchVectors(
  selected: readonly SelectedView[],
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<void> {
  const { budget } = run;
  for (const { view, selection } of selected) {
    if (budget.isSpent()) break;
    for (const step of planView(view, selection, run)) {
      await searchStep(view, step, run, top);
      if (budget.spend(0) && !(await budget.pause())) break;
    }
  }
}

/** Runs a step and what has to follow it. */
async function searchStep(
  view: SegmentView,
  planned: Step,
  run: LeafRun,
  top: TopK<LeafHit>,
): Promise<void> {
  for (let step = planned; ;) {
    const shortfall = await runStep(view, step, run, top);
    if (shortfall === undefined || step.graph === undefined) return;
    if (run.budget.isSpent()) return;
    step = widen(view, step, shortfall, run);
  }
}
