import type { Graph } from '../../src/shard/engine/graph.js';
import { scanSlab } from '../../src/shard/engine/exact-scan.js';
import { gather } from '../../src/shard/gather.js';
import type { VectorSlabs } from '../../src/shard/vector-slabs.js';
import type { Range } from './partition-data.js';

/** What one search looks at: graphs, all at one width, and categories to scan as they lie. */
export interface Plan {
  graphs: readonly Graph[];
  /** Numbers of the categories that are scanned. */
  scans: readonly number[];
  /** Only rows of this range count. */
  within?: Range | undefined;
}

/**
 * The k nearest rows that `plan` leads to, nearest first. As a shard does it: the first candidates of
 * the int8 graphs are compared in float32. Those of several graphs are merged by their int8 scores
 * first, so that many graphs cost no more comparing than one. Undefined when a graph with a filter
 * found too few.
 */
export function search(
  slabs: VectorSlabs,
  plan: Plan,
  query: Float32Array,
  width: number,
  k: number,
): number[] | undefined {
  const best = new Best(k);
  const { graphs, scans, within } = plan;
  if (graphs.length > 0) {
    const candidates = firstCandidates(graphs, query, width, Math.ceil(1.5 * k) + 8, within);
    if (within !== undefined && candidates.length < Math.min(k, within.to - within.from)) return;
    const found = scanSlab(gather(slabs, candidates), candidates.length, query, k);
    found.rows.forEach((at, i) => best.offer(candidates[at]!, found.scores[i]!));
  }
  for (const category of scans) {
    const from = slabs.starts[category]!;
    const found = scanSlab(slabs.slab(category), slabs.starts[category + 1]! - from, query, k);
    found.rows.forEach((at, i) => best.offer(from + at, found.scores[i]!));
  }
  return best.rows;
}

function firstCandidates(
  graphs: readonly Graph[],
  query: Float32Array,
  width: number,
  count: number,
  within: Range | undefined,
): number[] {
  const [only] = graphs;
  if (only !== undefined && graphs.length === 1) {
    const { rows } = only.search(query, width);
    if (within === undefined) return rows.slice(0, count);
    return rows.filter((row) => row >= within.from && row < within.to).slice(0, count);
  }
  const best = new Best(count);
  for (const graph of graphs) {
    const { rows, scores } = graph.search(query, width);
    // Nearest first: behind one that is too far, all are.
    for (let i = 0; i < rows.length && best.offer(rows[i]!, scores[i]!); i += 1);
  }
  return best.rows;
}

/** The `size` best of what is offered, best first. Few, so that inserting is the quickest. */
class Best {
  readonly rows: number[] = [];
  private readonly scores: number[] = [];

  constructor(private readonly size: number) {}

  /** False when it was not among the best. */
  offer(row: number, score: number): boolean {
    const { rows, scores, size } = this;
    let at = scores.length;
    if (at === size && score <= scores[at - 1]!) return false;
    if (at < size) at += 1;
    for (at -= 1; at > 0 && scores[at - 1]! < score; at -= 1) {
      scores[at] = scores[at - 1]!;
      rows[at] = rows[at - 1]!;
    }
    scores[at] = score;
    rows[at] = row;
    return true;
  }
}
