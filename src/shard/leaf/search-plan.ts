import type { CategoryRange } from '../index/segment-reader.js';
import type { SegmentView } from '../index/segment-view.js';
import { EF_K, type Graph } from '../engine/graph.js';
import { FAR_WIDTH } from './far-matches.js';
import type { LeafRun } from './leaf-hit.js';
import { planScan } from './scan-plan.js';
import { countIn, type Selection } from './selection.js';

interface ScanStep {
  selection: Selection;
  graph: undefined;
  costUs: number;
}

export interface GraphStep {
  /** What is kept of what the graph finds. */
  selection: Selection;
  graph: Graph;
  /** Candidates the graph is asked for. */
  width: number;
  costUs: number;
}

/** One step of a view's plan. */
export type Step = ScanStep | GraphStep;

/** Why the hits of a graph search do not stand. */
export interface Shortfall {
  /** Candidates that were selected. */
  kept: number;
  /** Enough were, but they lie far from the query, see `far-matches.ts`. */
  isFar: boolean;
}

/** A widened search asks for this many times what it needs: matches do not lie evenly. */
const WIDEN = 2;
const WIDEN_SPARE = 8;
/** The last candidates of a search are less sure than the first: so many beyond k, at least. */
const SPARE = 16;
const SPARE_SHARE = 0.4;
/** With fewer live rows than this a graph is searched as with a filter. */
const LIVE_SHARE = 0.5;
/** Standard deviations. */
const CHANCE = 2;
/** Met in this share of the expected number, matches lie elsewhere than the query. */
const ELSEWHERE_SHARE = 0.25;
/** The k-th match has to stand within this share of the candidates. */
const SURE_SHARE = 0.75;
/** A graph search cannot be stopped: a wider one, some ten milliseconds at 512 dimensions, is a scan. */
const MAX_WIDTH = 8_192;

/**
 * The cheapest way to the k best selected rows of a view, by the cost model: one search of the
 * graph over all rows, or each category by itself, by its own graph or by a scan. A scan is always
 * right; a graph with a filter is asked for so many candidates that k of them should match.
 */
export function planView(view: SegmentView, selection: Selection, run: LeafRun): Step[] {
  const ranges = selection.ranges ?? view.ranges ?? [];
  // One piece, however many categories it has; and a write buffer is not sorted by them.
  const hasGraph = view.graph !== undefined || ranges.some(({ graph }) => graph !== undefined);
  if (run.exact || !hasGraph) return [scanStep(view, selection, run)];
  const whole = view.graph && graphStep(view, view.graph, selection, run);
  const each: Step[] = [];
  let eachUs = 0;
  for (const range of ranges) {
    const step = planRange(view, range, selection, run);
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
    costUs: scans.reduce((sum, { costUs }) => sum + costUs, 0),
  };
  return [joined, ...steps.filter(({ graph }) => graph !== undefined)];
}

/** One category by itself; undefined when nothing of it is selected. */
function planRange(
  view: SegmentView,
  range: CategoryRange,
  selection: Selection,
  run: LeafRun,
): Step | undefined {
  const count = countIn(view, selection, range);
  if (count === 0) return undefined;
  const part: Selection = { count, mask: selection.mask, ranges: [range] };
  const scan = scanStep(view, part, run);
  const graph = range.graph && graphStep(view, range.graph, part, run);
  return graph !== undefined && graph.costUs < scan.costUs ? graph : scan;
}

function scanStep(view: SegmentView, selection: Selection, { costs }: LeafRun): Step {
  const { costUs } = planScan(view, selection, costs);
  return { selection, graph: undefined, costUs };
}

function graphStep(view: SegmentView, graph: Graph, selection: Selection, run: LeafRun): GraphStep {
  const share = selection.count / graph.size;
  const width = isAllOf(graph, selection)
    ? widthForLive(graph, share, selection, run)
    : widthFor(graph, share, selection, run);
  return { selection, graph, width, costUs: graphUs(view, width, run) };
}

function graphUs(view: SegmentView, width: number, { costs }: LeafRun): number {
  if (width > MAX_WIDTH) return Infinity;
  return costs.estimateUs('graph', width, view.vectors.dimensions);
}

/** Every live row of the graph may be returned. */
function isAllOf(graph: Graph, { mask, ranges }: Selection): boolean {
  if (mask !== undefined) return false;
  return (
    ranges === undefined || ranges.reduce((sum, { from, to }) => sum + to - from, 0) === graph.size
  );
}

/**
 * How wide to search `graph` when all that is not deleted, `share` of it, can be returned: its own width is one at
 * which it finds so many. Deleted rows lie anywhere, so that as many more candidates are asked for as are
 * deleted, and as chance may add to that.
 */
function widthForLive(graph: Graph, share: number, selection: Selection, run: LeafRun): number {
  const wanted = Math.min(run.k, selection.count);
  if (wanted > EF_K || share < LIVE_SHARE) return widthFor(graph, share, selection, run);
  const own = Math.max(run.ef, graph.ef, Math.ceil(wanted / SURE_SHARE));
  const spread = Math.sqrt((own * (1 - share)) / share);
  return Math.min(graph.size, Math.ceil(own / share + CHANCE * spread));
}

/** How wide to search `graph` when `share` of its candidates can be returned. */
function widthFor(graph: Graph, share: number, { count }: Selection, run: LeafRun): number {
  const wanted = Math.min(run.k, count);
  const least = Math.max(run.ef, graph.ef);
  const spare = SPARE + Math.ceil(wanted * SPARE_SHARE);
  const needed = share >= 1 ? wanted : Math.ceil((wanted * WIDEN) / share) + WIDEN_SPARE;
  return Math.min(graph.size, Math.max(least, needed + spare));
}

/**
 * Whether a graph search of `width` is to be trusted whose k-th match was candidate number `reach`
 * (Infinity: there were fewer). Towards its end a search misses some, and the scores of a compressed
 * graph mix them up; where all matches lie far from the run, that end is all there is of them.
 */
export function reachesSurely({ graph, width }: GraphStep, reach: number): boolean {
  return reach <= SURE_SHARE * width || width >= graph.size;
}

/**
 * What follows a graph search whose hits do not stand: the same wider, by the share that was met near
 * the query, or a scan where that is cheaper. Where matches lie elsewhere than the query it is a scan:
 * a graph search knows its own neighbourhood well, and little of what comes long after it.
 */
export function widen(
  view: SegmentView,
  step: GraphStep,
  { kept, isFar }: Shortfall,
  run: LeafRun,
): Step {
  const { graph, selection, width } = step;
  const scan = scanStep(view, selection, run);
  if (!isFar && (width >= graph.size || liesElsewhere(step, kept))) return scan;
  const wider = isFar ? FAR_WIDTH : widthFor(graph, (kept + 1) / width, selection, run);
  const capped = Math.min(graph.size, Math.max(2 * width, wider));
  const costUs = graphUs(view, capped, run);
  return costUs < scan.costUs ? { selection, graph, width: capped, costUs } : scan;
}

/** Of the candidates near the query far fewer than their share, `kept`, were selected. */
function liesElsewhere({ graph, selection, width }: GraphStep, kept: number): boolean {
  return (kept + 1) / width < (ELSEWHERE_SHARE * selection.count) / graph.size;
}
