import type { Coefficients } from './coefficients.js';

const FLOAT_BYTES = 4;
/** The store's pages; a row with its vectors stands in pages of its own. */
const PAGE_BYTES = 4_096;
const ROW_HEADER_BYTES = 100;

/** What one product takes in a shard's memory: its vector, its place in the graph (int8 and links), its words and columns. */
export function rowBytes(dimensions: number, of: Coefficients): number {
  return FLOAT_BYTES * dimensions + graphRowBytes(dimensions, of) + of.text_bytes;
}

/** On a shard's disk: the same, and the graphs of large categories, which are read where they are searched. */
export function fileRowBytes(dimensions: number, of: Coefficients): number {
  return rowBytes(dimensions, of) + graphRowBytes(dimensions, of);
}

/** In the store, once; a replica set of three holds three of it. */
export function storeRowBytes(dimensions: number, of: Coefficients): number {
  const pages = Math.ceil((FLOAT_BYTES * dimensions + ROW_HEADER_BYTES) / PAGE_BYTES);
  return pages * PAGE_BYTES + of.store_row_bytes + of.document_bytes;
}

function graphRowBytes(dimensions: number, of: Coefficients): number {
  return dimensions + of.link_bytes;
}
