import { TopK } from '../core/top-k.js';
import { fieldsOf } from '../filter/analyse.js';
import type { Partition } from '../store/store.js';
import type { Block, CategoryRange } from './block.js';
import type { Column } from './column.js';
import type { Candidates, Graph } from './engine/graph.js';
import { offerBest, type LeafHit, type LeafQuery } from './leaf-hit.js';
import { scanRows } from './scan-rows.js';
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
}

export interface SelectedBlock {
  block: Block;
  selection: Selection;
}

/** A search whose `ef` may depend on how many of the `live` rows match. */
export interface LeafRequest extends Omit<LeafQuery, 'partitions' | 'ef'> {
  efOf: (matches: number, live: number) => number;
}

/** Below this share of matches a graph search would have to widen too far: the matches are scanned. */
const MIN_GRAPH_SHARE = 0.05;
/** A widened graph search asks for at most this many candidates; past it a scan is cheaper. */
const MAX_WIDENED = 1_000;

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
  for (const [block, columns] of blocks) {
    const selection = select(block, partitions, request.filter, columns);
    live += block.rows - block.deadCount;
    matches += selection.count;
    if (selection.count > 0) selected.push({ block, selection });
  }
  const query: LeafQuery = { ...request, partitions, ef: request.efOf(matches, live) };
  const top = new TopK<LeafHit>(query.k);
  for (const { block, selection } of selected) searchBlock(block, selection, query, top);
  return { hits: top.sorted(), more: matches > query.k, selected, live, matches };
}

function searchBlock(
  block: Block,
  selection: Selection,
  query: LeafQuery,
  top: TopK<LeafHit>,
): void {
  if (query.exact) {
    scan(block, selection, query, top);
    return;
  }
  if (selection.mask !== undefined) {
    if (!searchMasked(block, selection, query, top)) scan(block, selection, query, top);
    return;
  }
  if (selection.ranges === undefined && block.graph !== undefined) {
    if (searchGraph(block, block.graph, selection, query, top)) return;
  }
  for (const range of selection.ranges ?? block.ranges ?? [undefined]) {
    const count = range === undefined ? selection.count : liveIn(block, range);
    if (count === 0) continue;
    const part: Selection = { count, mask: undefined, ranges: range && [range] };
    const graph = range?.graph;
    if (graph !== undefined && searchGraph(block, graph, part, query, top)) continue;
    scan(block, part, query, top);
  }
}

function scan(block: Block, selection: Selection, query: LeafQuery, top: TopK<LeafHit>): void {
  const { trace } = query;
  if (trace === undefined) {
    scanRows(block, selection, query, top);
    return;
  }
  const plan = query.exact ? 'exact' : 'scan';
  trace.step({ ...describe(block, selection), plan, rows: block.rows }, () => {
    scanRows(block, selection, query, top);
    return true;
  });
}

/** Categories named one by one in an explanation. */
const MAX_NAMED = 8;

function describe(block: Block, { ranges, count }: Selection) {
  const names = ranges?.map(({ category }) => category) ?? null;
  const categories = names !== null && names.length > MAX_NAMED ? names.length : names;
  return { block: block.name, categories, matches: count };
}

function liveIn(block: Block, { from, to }: CategoryRange): number {
  return to - from - block.dead.count(from, to);
}

/** A filtered search by graph, widened by the share of matches; false when a scan is better. */
function searchMasked(
  block: Block,
  selection: Selection,
  query: LeafQuery,
  top: TopK<LeafHit>,
): boolean {
  const only = selection.ranges?.length === 1 ? selection.ranges[0] : undefined;
  const graph = only?.graph ?? block.graph;
  if (graph === undefined) return false;
  const share = selection.count / graph.size;
  if (share < MIN_GRAPH_SHARE) return false;
  return searchGraph(block, graph, selection, query, top);
}

/**
 * Searches `graph` so wide that about k of what it finds may be returned, and offers those. False,
 * with nothing offered, when too few were: the matches lie elsewhere.
 */
function searchGraph(
  block: Block,
  graph: Graph,
  selection: Selection,
  query: LeafQuery,
  top: TopK<LeafHit>,
): boolean {
  const share = Math.min(1, selection.count / graph.size);
  const wanted = Math.min(query.k, selection.count);
  const widened = share === 1 ? wanted : Math.ceil((wanted * 1.5) / share) + 8;
  if (widened > Math.max(MAX_WIDENED, query.k * 2)) return false;
  const run = (): boolean => {
    const found = graph.search(query.vector, widened, query.ef);
    const kept = keepMatches(found, block, selection);
    if (kept.rows.length < wanted) return false;
    offerBest(kept, block, query, top);
    return true;
  };
  const { trace } = query;
  if (trace === undefined) return run();
  const plan = selection.mask === undefined ? 'graph' : 'widened';
  const ef = Math.max(query.ef, widened);
  const planned = { ...describe(block, selection), plan, ef, candidates: widened } as const;
  return trace.step({ ...planned, rows: graph.size }, run);
}

function keepMatches(found: Candidates, block: Block, { mask }: Selection): Candidates {
  const rows: number[] = [];
  const scores: number[] = [];
  found.rows.forEach((row, i) => {
    if (mask === undefined ? block.dead.has(row) : !mask.has(row)) return;
    rows.push(row);
    scores.push(found.scores[i] as number);
  });
  return { rows, scores };
}
