import { TopK } from '../core/top-k.js';
import { fieldsOf } from '../filter/analyse.js';
import type { Partition } from '../store/store.js';
import type { Block } from './block.js';
import type { Column } from './column.js';
import { describeStep } from './describe-step.js';
import { scanSlab } from './engine/exact-scan.js';
import type { Candidates } from './engine/graph.js';
import { gather, GATHER_ROWS } from './gather.js';
import { offerBest, type LeafHit, type LeafQuery } from './leaf-hit.js';
import { scanRows } from './scan-rows.js';
import { planBlock, reachesSurely, widen, type Step } from './search-plan.js';
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
    runStep(block, { selection, graph: undefined, width: 0, costUs: 0 }, query, top);
    return;
  }
  for (let step of planBlock(block, selection, query)) {
    for (;;) {
      const kept = runStep(block, step, query, top);
      if (kept === undefined) break;
      step = widen(block, step, kept, query);
    }
  }
}

/**
 * Offers the best of what the step finds. Where too few of a graph's candidates are selected, or too
 * late among them, it offers nothing and returns how many were.
 */
function runStep(
  block: Block,
  step: Step,
  query: LeafQuery,
  top: TopK<LeafHit>,
): number | undefined {
  const { trace } = query;
  if (trace === undefined) return find(block, step, query, top);
  return trace.step(describeStep(block, step, query), () => find(block, step, query, top));
}

function find(block: Block, step: Step, query: LeafQuery, top: TopK<LeafHit>): number | undefined {
  const { graph, width, selection } = step;
  if (graph === undefined) {
    scanRows(block, selection, query, top);
    return undefined;
  }
  const startMs = performance.now();
  const wanted = Math.min(query.k, selection.count);
  const { kept, reach } = keepSelected(graph.search(query.vector, width), block, selection, wanted);
  if (kept.rows.length < wanted || !reachesSurely(step, reach)) return kept.rows.length;
  const compared = graph.compressed ? compare(kept, block, query, width) : kept;
  offerBest(compared, block, query, top);
  const tookUs = (performance.now() - startMs) * 1_000;
  query.costs.observe('graph', width, block.vectors.dimensions, tookUs);
  return undefined;
}

/** The selected candidates, and the number of the one that makes `wanted` complete. */
function keepSelected(
  found: Candidates,
  block: Block,
  { mask, ranges }: Selection,
  wanted: number,
): { kept: Candidates; reach: number } {
  let reach = Infinity;
  const rows: number[] = [];
  const scores: number[] = [];
  found.rows.forEach((row, i) => {
    if (mask === undefined ? block.dead.has(row) : !mask.has(row)) return;
    if (mask === undefined && ranges?.every(({ from, to }) => row < from || row >= to)) return;
    rows.push(row);
    scores.push(found.scores[i] as number);
    if (rows.length === wanted) reach = i + 1;
  });
  return { kept: { rows, scores }, reach };
}

/**
 * The first candidates of a compressed graph with float32 scores: half of what was found, since a
 * wider search is for nothing when what it finds is not compared. On clustered vectors 1.5 k + 8
 * would do; near-duplicates, whose int8 scores are alike, want more.
 */
function compare({ rows }: Candidates, block: Block, query: LeafQuery, width: number): Candidates {
  const { k } = query;
  const compared: Candidates = { rows: [], scores: [] };
  const count = Math.min(rows.length, Math.max(Math.ceil(1.5 * k) + 8, width >>> 1));
  for (let at = 0; at < count; at += GATHER_ROWS) {
    const batch = rows.slice(at, Math.min(count, at + GATHER_ROWS));
    const found = scanSlab(gather(block.vectors, batch), batch.length, query.vector, batch.length);
    for (const row of found.rows) compared.rows.push(batch[row] as number);
    compared.scores.push(...found.scores);
  }
  return count <= GATHER_ROWS ? compared : sorted(compared);
}

function sorted({ rows, scores }: Candidates): Candidates {
  const order = [...rows.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
  return {
    rows: order.map((i) => rows[i] as number),
    scores: order.map((i) => scores[i] as number),
  };
}
