import type { Graph } from '../engine/graph.js';
import type { VectorSlabs } from '../index/vector-slabs.js';
import { scoreOf } from './leaf-hit.js';

/**
 * A filter may exclude just what is near the query. Then the best matches are far from it, and so are
 * many other rows, about as far: a graph search of the usual width passes some of the best over. The
 * shard whose rows were excluded sees it (few of its candidates are selected); one where nothing was
 * excluded does not, but it sees that nothing it has is near, and searches wider.
 */
export const FAR_WIDTH = 768;

const SAMPLE_ROWS = 24;
/** The neighbour whose score tells how near "near" is. */
const NEIGHBOUR = 10;
const NEIGHBOUR_WIDTH = 32;

const known = new WeakMap<Graph, number>();

/**
 * Scores below this are of rows far from the query: halfway between those of a row's neighbours and
 * those of any two rows. Taken from a few rows when a filtered search first asks, some milliseconds.
 */
export function farBelow(graph: Graph, vectors: VectorSlabs): number {
  let below = known.get(graph);
  if (below === undefined) {
    below = measure(graph, vectors);
    known.set(graph, below);
  }
  return below;
}

function measure(graph: Graph, vectors: VectorSlabs): number {
  const { firstRow, size } = graph;
  const count = Math.min(SAMPLE_ROWS, size);
  const rows = Array.from({ length: count }, (_, i) => firstRow + Math.floor((i * size) / count));
  const near: number[] = [];
  const any: number[] = [];
  for (const [i, row] of rows.entries()) {
    const vector = vectors.view(row).slice();
    const neighbour = graph.search(vector, NEIGHBOUR_WIDTH).rows[NEIGHBOUR];
    if (neighbour !== undefined) near.push(scoreOf(vector, vectors, neighbour));
    for (const other of rows.slice(0, i)) any.push(scoreOf(vector, vectors, other));
  }
  return (median(near) + median(any)) / 2;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? -Infinity;
}
