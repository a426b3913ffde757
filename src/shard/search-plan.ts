import type { Block, CategoryRange } from './block.js';
import type { Graph } from './engine/graph.js';
import type { LeafQuery } from './leaf-hit.js';
import { planScan } from './scan-plan.js';
import type { Selection } from './selection.js';

/** One step of a block's plan: a graph search that keeps what is selected, or a scan. */
export interface Step {
  selection: Selection;
  /** Undefined: the selected rows are scanned. */
  graph: Graph | undefined;
  /** Candidates the graph is asked for. */
  width: number;
  costUs: number;
}

/** A widened search asks for this many times what it needs: matches do not lie evenly. */
const WIDEN = 2;
const WIDEN_SPARE = 8;
/** The last candidates of a search are less sure than the first: so many beyond k, at least. */
const SPARE = 16;
const SPARE_SHARE = 0.4;
/** Met in this share of the expected number, matches lie elsewhere than the query. */
const ELSEWHERE_SHARE = 0.25;
/** The k-th match has to stand within this share of the candidates. */
const SURE_SHARE = 0.75;

/**
 * The cheapest way to the k best selected rows of a block, by the cost model: one search of the
 * graph over all rows, or each category by itself, by its own graph or by a scan. A scan is always
 * right; a graph with a filter is asked for so many candidates that k of them should match.
 */
export function planBlock(block: Block, selection: Selection, query: LeafQuery): Step[] {
  const ranges = selection.ranges ?? block.ranges;
  // A tail is not sorted by category: it is one piece.
  if (ranges === undefined) return [scanStep(block, selection, query)];
  const whole = block.graph && graphStep(block, block.graph, selection, query);
  const each: Step[] = [];
  let eachUs = 0;
  for (const range of ranges) {
    const step = planRange(block, range, selection, query);
    if (step === undefined) continue;
    each.push(step);
    eachUs += step.costUs;
    if (whole !== undefined && eachUs > whole.costUs) return [whole];
  }
  return joinScans(each);
}

/** All that is scanned in one step: many small categories then cost what their rows cost. */
function joinScans(steps: readonly Step[]): Step[] {
  const scans = steps.filter(({ graph }) => graph === undefined);
  const [first] = scans;
  if (first === undefined || scans.length === 1) return [...steps];
  const joined: Step = {
    selection: {
      mask: first.selection.mask,
      count: scans.reduce((sum, { selection }) => sum + selection.count, 0),
      ranges: scans.flatMap(({ selection }) => selection.ranges ?? []),
    },
    graph: undefined,
    width: 0,
    costUs: scans.reduce((sum, { costUs }) => sum + costUs, 0),
  };
  return [joined, ...steps.filter(({ graph }) => graph !== undefined)];
}

/** One category by itself; undefined when nothing of it is selected. */
function planRange(
  block: Block,
  range: CategoryRange,
  selection: Selection,
  query: LeafQuery,
): Step | undefined {
  const count = countIn(block, selection, range);
  if (count === 0) return undefined;
  const part: Selection = { count, mask: selection.mask, ranges: [range] };
  const scan = scanStep(block, part, query);
  const graph = range.graph && graphStep(block, range.graph, part, query);
  return graph !== undefined && graph.costUs < scan.costUs ? graph : scan;
}

function countIn(block: Block, { mask }: Selection, { from, to }: CategoryRange): number {
  return mask?.count(from, to) ?? to - from - block.dead.count(from, to);
}

function scanStep(block: Block, selection: Selection, { costs }: LeafQuery): Step {
  const { costUs } = planScan(block, selection, costs);
  return { selection, graph: undefined, width: 0, costUs };
}

function graphStep(block: Block, graph: Graph, selection: Selection, query: LeafQuery): Step {
  const width = widthFor(graph, selection.count / graph.size, selection, query);
  const costUs = query.costs.estimateUs('graph', width, block.vectors.dimensions);
  return { selection, graph, width, costUs };
}

/** How wide to search `graph` when `share` of its candidates can be returned. */
function widthFor(graph: Graph, share: number, { count }: Selection, query: LeafQuery): number {
  const wanted = Math.min(query.k, count);
  const spare = SPARE + Math.ceil(wanted * SPARE_SHARE);
  const needed = share >= 1 ? wanted : Math.ceil((wanted * WIDEN) / share) + WIDEN_SPARE;
  return Math.min(graph.size, Math.max(query.ef, needed + spare));
}

/**
 * Whether a graph search of `width` is to be trusted whose k-th match was candidate number `reach`
 * (Infinity: there were fewer). Towards its end a search misses some, and the scores of a compressed
 * graph mix them up; where all matches lie far from the query, that end is all there is of them.
 */
export function reachesSurely({ graph, width }: Step, reach: number): boolean {
  return reach <= SURE_SHARE * width || (graph !== undefined && width >= graph.size);
}

/**
 * Whether the matches lie elsewhere than the query: of the candidates near it, far fewer than their
 * share, `kept`, were selected.
 */
export function liesElsewhere({ graph, selection, width }: Step, kept: number): boolean {
  if (graph === undefined) return false;
  return (kept + 1) / width < (ELSEWHERE_SHARE * selection.count) / graph.size;
}

/**
 * After a step of which only `kept` candidates were selected: the same wider, by the share that was
 * met near the query, or a scan where that is cheaper. Where matches lie far from the query it is a
 * scan: a graph search knows its own neighbourhood well, and little of what comes long after it.
 */
export function widen(block: Block, step: Step, kept: number, query: LeafQuery): Step {
  const { graph, selection, width } = step;
  const scan = scanStep(block, selection, query);
  if (graph === undefined || width >= graph.size || liesElsewhere(step, kept)) return scan;
  const wider = Math.max(2 * width, widthFor(graph, (kept + 1) / width, selection, query));
  const capped = Math.min(graph.size, wider);
  const costUs = query.costs.estimateUs('graph', capped, block.vectors.dimensions);
  return costUs < scan.costUs ? { selection, graph, width: capped, costUs } : scan;
}
