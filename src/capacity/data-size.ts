import type { Coefficients } from './coefficients.js';
import { categoryShares, shopsOf, type Workload } from './workload.js';

const FLOAT_BYTES = 4;
/** `GRAPH_MIN_ROWS` as it is unless it is set: a category of so many rows in a segment has a graph of its own. */
const GRAPH_MIN_ROWS = 2_500;

/** What one product takes in a shard's memory, also of files that it reads all the time: its vector, its place in the graph (int8 and links), its words and columns. */
export function rowBytes(dimensions: number, of: Coefficients): number {
  return mappedRowBytes(dimensions, of) + of.row_heap_bytes;
}

/** The part of it that is mapped, so that it can be let go of and read again. */
export function mappedRowBytes(dimensions: number, of: Coefficients): number {
  return FLOAT_BYTES * dimensions + graphRowBytes(dimensions, of);
}

/** On a shard's disk, `rows` of them in a part: the same, and the graphs of large categories, which are read where they are searched. */
export function fileRowBytes(workload: Workload, parts: number, of: Coefficients): number {
  const { dimensions } = workload;
  const graph = graphRowBytes(dimensions, of);
  return FLOAT_BYTES * dimensions + graph * (1 + largeShare(workload, parts)) + of.text_bytes;
}

/** In the store, once; a replica set of three holds three of it. */
export function storeRowBytes(dimensions: number, of: Coefficients): number {
  const vector = FLOAT_BYTES * dimensions * of.store_vector_share;
  return vector + of.store_row_bytes + of.document_bytes;
}

function graphRowBytes(dimensions: number, of: Coefficients): number {
  return dimensions + of.link_bytes;
}

/** Of all products, those in categories that have a graph. */
function largeShare(workload: Workload, parts: number): number {
  const shares = categoryShares(workload.categories);
  // A category is spread over as large a share of the parts as of the products, and lies in one at least.
  const rowsOf = (share: number, rows: number): number =>
    (rows * share) / Math.max(1, share * parts);
  return shopsOf(workload).reduce((sum, { count, rows, share: ofAll }) => {
    const large = shares.filter((share) => rowsOf(share, rows) >= GRAPH_MIN_ROWS);
    return sum + count * ofAll * large.reduce((all, share) => all + share, 0);
  }, 0);
}
