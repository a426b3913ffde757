import type { SegmentView } from '../index/segment-view.js';
import type { LeafRun } from './leaf-hit.js';
import type { Step } from './search-plan.js';
import type { PlannedStep } from './search-trace.js';
import type { Selection } from './selection.js';

/** Categories named one by one in an explanation. */
const MAX_NAMED = 8;

/** The categories that are searched, or how many; null: all. */
function namedCategories({ ranges }: Selection): string[] | number | null {
  if (ranges === undefined) return null;
  return ranges.length > MAX_NAMED ? ranges.length : ranges.map(({ category }) => category);
}

/** A step of a plan as an explanation shows it. */
export function describeStep(view: SegmentView, step: Step, run: LeafRun): PlannedStep {
  const { selection, graph, costUs } = step;
  const about = {
    block: view.name,
    categories: namedCategories(selection),
    matches: selection.count,
  };
  if (run.exact) return { ...about, plan: 'exact', rows: view.rows };
  const estimatedUs = Math.round(costUs);
  if (graph === undefined) return { ...about, plan: 'scan', rows: view.rows, estimatedUs };
  const { width } = step;
  const ef = Math.max(run.ef, graph.ef);
  const plan = width > ef ? 'widened' : 'graph';
  return { ...about, plan, rows: graph.size, ef, candidates: width, estimatedUs };
}
