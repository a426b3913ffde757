import type { SegmentView } from '../index/segment-view.js';
import type { LeafRun } from './leaf-hit.js';
import type { Step } from './search-plan.js';
import type { PlannedStep } from './search-trace.js';

/** Categories named one by one in an explanation. */
const MAX_NAMED = 8;

/** A step of a plan as an explanation shows it. */
export function describeStep(view: SegmentView, step: Step, run: LeafRun): PlannedStep {
  const { selection, graph, costUs } = step;
  const names = selection.ranges?.map(({ category }) => category) ?? null;
  const categories = names !== null && names.length > MAX_NAMED ? names.length : names;
  const about = { block: view.name, categories, matches: selection.count };
  if (run.exact) return { ...about, plan: 'exact', rows: view.rows };
  const estimatedUs = Math.round(costUs);
  if (graph === undefined) return { ...about, plan: 'scan', rows: view.rows, estimatedUs };
  const { width } = step;
  const ef = Math.max(run.ef, graph.ef);
  const plan = width > ef ? 'widened' : 'graph';
  return { ...about, plan, rows: graph.size, ef, candidates: width, estimatedUs };
}
