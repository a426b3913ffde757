import { DEFAULT_COEFFICIENTS, type Coefficients } from '../../src/capacity/coefficients.js';
import { rowBytes } from '../../src/capacity/data-size.js';
import { latencyOf } from '../../src/capacity/latency.js';
import { SearchCosts } from '../../src/capacity/search-cost.js';
import type { Workload } from '../../src/capacity/workload.js';

/** A figure that was measured, and what the formulas say of the same. */
export interface Comparison {
  what: string;
  measured: number;
  planned: number;
  unit: string;
  from: string;
}

/** Of the bundled model. */
const STARTER_DIMENSIONS = 256;

/** Rows of `bench:scale` are vectors, with next to no words. */
const WITHOUT_WORDS: Coefficients = { ...DEFAULT_COEFFICIENTS, row_heap_bytes: 0 };

/** Everything that was measured in one piece, beside the formulas. */
export function comparisons(): Comparison[] {
  return [memory(100_000, 374), memory(200_000, 631), memory(1_000_000, 2_725), ...searches()];
}

/** Of two shard processes after a start. */
function memory(rows: number, measured: number): Comparison {
  const bytes = rows * rowBytes(512, WITHOUT_WORDS) + 2 * DEFAULT_COEFFICIENTS.shard_process_bytes;
  return {
    what: `memory, ${rows.toLocaleString('en-US')} x 512 on two shards`,
    ...{ measured, planned: bytes / 1e6, unit: 'MB' },
    from: '`bench:scale`, [0022](decisions/0022-memory-goes-back.md)',
  };
}

function searches(): Comparison[] {
  // Two parts and two copies on four processes, one query node.
  const real = { ...shop(19_406, 50), partitionRows: 10_000 };
  const simulated = {
    ...shop(0, 5_000),
    tenants: { count: 1_000, rows: 100_000 },
    // As many parts a shop as there were: 7.69.
    partitionRows: 13_000,
  };
  return [
    ...latencies(
      '19,406 products at 50/s',
      real,
      { parts: 2, shards: 4, queries: 1 },
      [8.63, 42.5],
    ),
    ...latencies(
      '100 M products of 1,000 shops at 5,000/s, simulated',
      simulated,
      { parts: 200, shards: 600, queries: 64 },
      [14.5, 78.5],
      // A node has five searches of a shop in a minute: nearly no text is asked for again while it is kept.
      { ...DEFAULT_COEFFICIENTS, new_text_share: 1 },
    ),
    {
      what: '19,406 products on 2 cores, texts that were asked before: highest rate with p99 below 100 ms',
      measured: 700,
      planned: highestRate(),
      unit: 'searches/s',
      from: '`bench:latency`, README; most of these answers were kept, which the formulas leave out',
    },
  ];
}

function latencies(
  what: string,
  workload: Workload,
  { parts, shards, queries }: { parts: number; shards: number; queries: number },
  [p50, p99]: readonly [number, number],
  of: Coefficients = DEFAULT_COEFFICIENTS,
): Comparison[] {
  const costs = new SearchCosts(workload, of);
  const busy = {
    query: costs.queryCores(parts) / queries,
    shard: costs.shardCores(parts) / shards,
  };
  const { p50Ms, p99Ms } = latencyOf(costs, parts, busy, of);
  const from = '`bench:simulate`, [its report](simulator.md)';
  return [
    { what: `p50, ${what}`, measured: p50, planned: p50Ms, unit: 'ms', from },
    { what: `p99, ${what}`, measured: p99, planned: p99Ms, unit: 'ms', from },
  ];
}

function highestRate(): number {
  for (let qps = 10; ; qps += 10) {
    const costs = new SearchCosts(shop(19_406, qps), DEFAULT_COEFFICIENTS);
    const busy = { query: costs.queryCores(1), shard: costs.shardCores(1) };
    const isOver = busy.query >= 1 || busy.shard >= 1;
    if (isOver || latencyOf(costs, 1, busy, DEFAULT_COEFFICIENTS).p99Ms > 100) return qps - 10;
  }
}

function shop(products: number, qps: number): Workload {
  return {
    ...{ products, qps, tenants: { count: 0, rows: 0 }, dimensions: STARTER_DIMENSIONS },
    ...{ categories: 'zipf', replicas: 1, partitionRows: 5_000, p99Ms: 100, availability: 0 },
  };
}
