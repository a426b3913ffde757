import type { Block } from './block.js';
import type { LeafQuery } from './leaf-hit.js';
import type { Step } from './search-plan.js';
import type { PlannedStep } from './search-trace.js';

/** Categories named one by one in an explanation. */
const MAX_NAMED = 8;

/** A step of a plan as an explanation shows it. */
export function describeStep(block: Block, step: Step, { ef, exact }: LeafQuery): PlannedStep {
  const { selection, graph, width, costUs } = step;
  const names = selection.ranges?.map(({ category }) => category) ?? null;
  const categories = names !== null && names.length > MAX_NAMED ? names.length : names;
  const about = { block: block.name, categories, matches: selection.count };
  if (exact) return { ...about, plan: 'exact', rows: block.rows };
  const estimatedUs = Math.round(costUs);
  if (graph === undefined) return { ...about, plan: 'scan', rows: block.rows, estimatedUs };
  const plan = width > ef ? 'widened' : 'graph';
  return { ...about, plan, rows: graph.size, ef, candidates: width, estimatedUs };
}
