import type { Coefficients } from './coefficients.js';
import { fileRowBytes, mappedRowBytes, storeRowBytes } from './data-size.js';
import { graphMs } from './search-cost.js';
import type { Workload } from './workload.js';

/** Processes on one machine, one query node without a model among them, with who asks beside them. */
export interface OneMachine {
  cores: number;
  /** Shard processes, which have different rows. */
  parts: number;
}

/** Sizes are bytes. */
export interface OneMachinePlan {
  /** Memory that is of no file: of all shards, and of the query node. */
  shardHeapBytes: number;
  queryHeapBytes: number;
  /** Memory of all shards with the files that they have mapped. */
  shardResidentBytes: number;
  storeBytes: number;
  shardFileBytes: number;
  /** Of a search by vector through all categories, one at a time. */
  p50Ms: number;
  /** Of such searches, so many at once that nobody waits for the next. */
  perSecond: number;
}

/** What one shop takes on one machine, and what searches by vector take there, milliseconds. */
export function planOneMachine(
  workload: Workload,
  { cores, parts }: OneMachine,
  of: Coefficients,
): OneMachinePlan {
  const { products, dimensions, partitionRows } = workload;
  const shardHeapBytes = parts * of.shard_process_bytes + products * of.row_heap_bytes;
  const mappedBytes = products * mappedRowBytes(dimensions, of);
  const asked = askedParts(products, partitionRows, parts);
  const walkMs = graphMs(products / asked, dimensions, of);
  return {
    ...{ shardHeapBytes, queryHeapBytes: of.query_process_bytes },
    shardResidentBytes: shardHeapBytes + mappedBytes + parts * of.program_bytes,
    storeBytes: products * storeRowBytes(dimensions, of),
    shardFileBytes: products * fileRowBytes(workload, parts, of),
    p50Ms: of.vector_rest_ms + slowestWalkMs(walkMs, asked, of),
    perSecond: (1_000 * of.at_once_share) / eachMs({ cores, asked, walkMs }, of),
  };
}

/** Of so many parts those that have rows of a shop. */
export function askedParts(rows: number, partitionRows: number, parts: number): number {
  return Math.min(parts, Math.max(1, Math.ceil(rows / partitionRows)));
}

/** Walks beside each other: the slowest is waited for. */
export function slowestWalkMs(walkMs: number, asked: number, of: Coefficients): number {
  return walkMs * (1 + of.spread * Math.log(asked));
}

/** From one answer to the next at best: of the machine's cores, the query node and a shard one gives way first. */
export function eachMs(
  { cores, asked, walkMs }: { cores: number; asked: number; walkMs: number },
  of: Coefficients,
): number {
  const queryMs = of.vector_query_cpu_ms + of.query_part_cpu_ms * asked;
  const shardMs = of.vector_shard_cpu_ms + walkMs;
  const allMs = queryMs + asked * shardMs + of.vector_client_cpu_ms;
  return Math.max(allMs / cores, queryMs, shardMs);
}
