import { TopK } from '../core/top-k.js';
import { fieldsOf } from '../filter/analyse.js';
import type { Partition } from '../store/store.js';
import type { Block } from './block.js';
import type { Column } from './column.js';
import type { LeafHit, LeafQuery } from './leaf-hit.js';
import { AskedFilter } from './match-cache.js';
import { runStep } from './run-step.js';
import { liesElsewhere, planBlock, widen, type Step } from './search-plan.js';
import { select, type Selection } from './selection.js';
import type { TenantIndex } from './tenant-index.js';

export interface LeafResult {
  hits: LeafHit[];
  /** There may be further matches beyond these. */
  more: boolean;
  /** What was searched. */
  selected: readonly SelectedBlock[];
  /** Live rows of the tenant here, and how many of them match. */
  live: number;
  matches: number;
  /** Matches were seen to lie elsewhere than the query: what other shards' graphs say is unsure. */
  astray: boolean;
  /** No graph chose any of the hits: they are exact. */
  scanned: boolean;
}

export interface SelectedBlock {
  block: Block;
  selection: Selection;
}

/** A search whose `ef` may depend on how many of the `live` rows match. */
export interface LeafRequest extends Omit<LeafQuery, 'partitions' | 'ef'> {
  efOf: (matches: number, live: number) => number;
  /** Another shard went astray. */
  thorough?: boolean;
}

/**
 * Width of a graph search for what lies far from the query. Rows at some distance have many others
 * as near: at the usual width a fifth of them was missed, at this one in a hundred.
 */
const THOROUGH_EF = 1_024;

/**
 * The k best live matches in this shard, best first. `partitions` is asked in the turn of the
 * search, for those that are complete here at that moment.
 */
export async function leafSearch(
  index: TenantIndex,
  query: LeafRequest,
  partitions: () => readonly Partition[],
): Promise<LeafResult> {
  const fields = query.filter === undefined ? [] : fieldsOf(query.filter);
  let blocks = withColumns(index, fields);
  while (blocks === undefined) {
    await loadColumns(index, fields);
    blocks = withColumns(index, fields);
  }
  // From here to the end is one turn: neither rows nor assignment can change under the search.
  return searchBlocks(blocks, query, partitions());
}

type BlockColumns = [block: Block, columns: ReadonlyMap<string, Column>];

/** Every block with its columns; undefined when some must be read first. */
function withColumns(index: TenantIndex, fields: readonly string[]): BlockColumns[] | undefined {
  const found: BlockColumns[] = [];
  for (const block of index.blocks()) {
    const columns = block.loadedColumns(fields);
    if (columns === undefined) return undefined;
    found.push([block, columns]);
  }
  return found;
}

async function loadColumns(index: TenantIndex, fields: readonly string[]): Promise<void> {
  for (const block of index.blocks()) {
    try {
      await block.columns(fields);
    } catch (error) {
      // A segment that was merged away meanwhile has closed its file; its successor is asked next.
      if (index.blocks().includes(block)) throw error;
    }
  }
}

function searchBlocks(
  blocks: readonly BlockColumns[],
  request: LeafRequest,
  partitions: readonly Partition[],
): LeafResult {
  let live = 0;
  let matches = 0;
  const selected: SelectedBlock[] = [];
  const asked = request.filter && new AskedFilter(request.filter);
  for (const [block, columns] of blocks) {
    const selection = select(block, partitions, asked, columns);
    live += block.rows - block.deadCount;
    matches += selection.count;
    if (selection.count > 0) selected.push({ block, selection });
  }
  const usual = request.efOf(matches, live);
  const ef = request.thorough === true ? Math.max(usual, THOROUGH_EF) : usual;
  const query: LeafQuery = { ...request, partitions, ef };
  let found = searchAll(selected, query);
  const astray = found.some((part) => part.astray);
  if (astray && ef < THOROUGH_EF) found = searchFarther(found, { ...query, ef: THOROUGH_EF });
  const top = new TopK<LeafHit>(query.k);
  for (const part of found) for (const hit of part.hits) top.offer(hit);
  const scanned = !found.some((part) => part.byGraph);
  return { hits: top.sorted(), more: matches > query.k, selected, live, matches, astray, scanned };
}

/** The best of what one step of a plan searched. */
interface Found {
  searched: SelectedBlock;
  hits: LeafHit[];
  /** A graph chose them. */
  byGraph: boolean;
  astray: boolean;
}

function searchAll(selected: readonly SelectedBlock[], query: LeafQuery): Found[] {
  const found: Found[] = [];
  const top = new TopK<LeafHit>(query.k);
  for (const { block, selection } of selected) {
    const steps = query.exact ? [scanOf(selection)] : planBlock(block, selection, query);
    for (const step of steps) {
      const part = searchStep(block, step, query, top.floor);
      for (const hit of part.hits) top.offer(hit);
      found.push(part);
    }
  }
  return found;
}

/**
 * Where a filter leads away from the query, each graph whose hits were trusted is asked again, wider:
 * it may know its own part of the neighbourhood well, but its hits now count for being far.
 */
function searchFarther(found: readonly Found[], query: LeafQuery): Found[] {
  return found.flatMap((part) => (part.byGraph ? searchAll([part.searched], query) : [part]));
}

function scanOf(selection: Selection): Step {
  return { selection, graph: undefined, width: 0, costUs: 0 };
}

/** @param floor of hits below this score none is wanted */
function searchStep(block: Block, planned: Step, query: LeafQuery, floor: number): Found {
  const top = new TopK<LeafHit>(query.k, floor);
  let astray = false;
  for (let step = planned; ;) {
    const kept = runStep(block, step, query, top);
    if (kept === undefined) {
      const searched = { block, selection: planned.selection };
      return { searched, hits: top.sorted(), byGraph: step.graph !== undefined, astray };
    }
    astray ||= liesElsewhere(step, kept);
    step = widen(block, step, kept, query);
  }
}
