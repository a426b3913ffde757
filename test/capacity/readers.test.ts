import { expect, test } from 'vitest';
import { countOf, machineSizesOf, tenantsOf } from '../../src/core/quantities.js';
import { DEFAULT_COEFFICIENTS, readCoefficients } from '../../src/capacity/coefficients.js';
import { fitCoefficients } from '../../src/capacity/fit-coefficients.js';
import { planOneMachine } from '../../src/capacity/one-machine.js';
import { graphMs } from '../../src/capacity/search-cost.js';
import { EXAMPLE_PRICES, readPrices } from '../../src/capacity/prices.js';
import { peakQps, type Workload } from '../../src/capacity/workload.js';

test('counts, shops and sizes are read as they are typed', () => {
  expect(['0', '30K', '2.5M', '1B', '12345'].map(countOf)).toEqual([0, 3e4, 2.5e6, 1e9, 12_345]);
  expect(['', 'M', '1k', '-1', '1e6', '1 M'].map(countOf)).toEqual(Array(6).fill(undefined));
  expect(tenantsOf('20x30K')).toEqual({ count: 20, rows: 30_000 });
  expect(['20', 'x30', '20x', 'a,b'].map(tenantsOf)).toEqual(Array(4).fill(undefined));
  expect(machineSizesOf('1G,512M')).toEqual([2 ** 30, 2 ** 29]);
  expect(peakQps(864_000)).toBe(300);
});

test('a price list is taken as it is, or told what it lacks', () => {
  expect(readPrices(JSON.parse(JSON.stringify(EXAMPLE_PRICES)))).toEqual(EXAMPLE_PRICES);
  const [machine] = EXAMPLE_PRICES.machines;
  const problems: [object, RegExp][] = [
    [{ currency: '' }, /^currency must be a text/],
    [{ disk_gb_month: '1' }, /^disk_gb_month must be a number from 0/],
    [{ machines: [] }, /^machines must be a list/],
    [{ machines: [machine, { ...machine, cores: 0 }] }, /^machines\[1\] must have/],
    [{ machines: [{ ...machine, hour: { on_demand: 1 } }] }, /^machines\[0\] must have .* spot/],
    [{ managed: { name: 'a' } }, /^managed must have/],
  ];
  for (const [change, problem] of problems) {
    expect(readPrices({ ...EXAMPLE_PRICES, ...change })).toEqual({
      problem: expect.stringMatching(problem) as string,
    });
  }
  expect(readPrices([])).toHaveProperty('problem');
});

test('coefficients of a file replace the defaults, and nothing else is taken', () => {
  expect(readCoefficients({ coefficients: { tail: 3 } })).toEqual({
    ...DEFAULT_COEFFICIENTS,
    tail: 3,
  });
  expect(readCoefficients({})).toHaveProperty('problem');
  for (const wrong of [{ tail: 0 }, { tail: '3' }, { tial: 3 }, { node_availability: 1 }]) {
    expect(readCoefficients({ coefficients: wrong })).toEqual({
      problem: expect.stringContaining(Object.keys(wrong)[0] ?? '') as string,
    });
  }
});

test('a machine that walks graphs in twice the time is twice as slow in all that is processor time', () => {
  const segment = (rows: number, dimensions: number) => {
    const growth = Math.log(rows) / Math.log(10_000);
    const cpuUs = 2_000 * DEFAULT_COEFFICIENTS.graph_cpu_ms * (dimensions / 512) * growth;
    const heapBytes = 1e6 + 600 * rows;
    return { rows, dimensions, cpuUs, textBytes: rows / 10, linkBytes: 150, heapBytes };
  };
  const segments = [segment(2_500, 128), segment(30_000, 512), segment(10_000, 512)];
  const fitted = fitCoefficients({
    ...{ segments, servers: [], embedCpuMs: 7, modelBytes: undefined, documentBytes: 900 },
  });
  const { query_cpu_ms, look_cpu_ms, graph_cpu_ms, network_ms } = DEFAULT_COEFFICIENTS;
  expect(fitted.graph_cpu_ms).toBeCloseTo(2 * graph_cpu_ms);
  expect(fitted.query_cpu_ms).toBeCloseTo(2 * query_cpu_ms);
  expect(fitted.look_cpu_ms).toBeCloseTo(2 * look_cpu_ms);
  expect(fitted).toMatchObject({ network_ms, embed_cpu_ms: 7, document_bytes: 900 });
  // Of the largest.
  expect(fitted).toMatchObject({ text_bytes: 3_000, link_bytes: 150 });
  expect(readCoefficients({ coefficients: fitted })).toEqual(fitted);
});

test('of a server what is left of its figures without its rows and walks is foretold of others', () => {
  const workload: Workload = {
    ...{ products: 14_000, tenants: { count: 0, rows: 0 }, qps: 1, dimensions: 512, replicas: 1 },
    ...{ categories: 'zipf', partitionRows: 5_000, p99Ms: 100, availability: 0 },
  };
  const machine = { cores: 2, parts: 2 };
  const truth = {
    ...{ ...DEFAULT_COEFFICIENTS, graph_cpu_ms: 0.4, graph_growth_ms: 0.2 },
    ...{ row_heap_bytes: 300, shard_process_bytes: 4e7, query_process_bytes: 9e7 },
    ...{ store_row_bytes: 700, vector_rest_ms: 2, vector_query_cpu_ms: 1 },
    ...{ vector_shard_cpu_ms: 0.3, vector_client_cpu_ms: 0.1, at_once_share: 0.7 },
  };
  const segments = [
    [2_500, 128],
    [10_000, 128],
    [30_000, 512],
  ].map(([rows = 0, dimensions = 0]) => ({
    ...{ rows, dimensions, cpuUs: 1_000 * graphMs(rows, dimensions, truth) },
    // What a process has whatever its rows.
    heapBytes: 2e6 + rows * truth.row_heap_bytes,
    ...{ textBytes: truth.text_bytes, linkBytes: truth.link_bytes },
  }));
  const slowness = truth.graph_cpu_ms / DEFAULT_COEFFICIENTS.graph_cpu_ms;
  truth.query_part_cpu_ms *= slowness;
  const plan = planOneMachine(workload, machine, truth);
  const walkMs = graphMs(7_000, 512, truth);
  const { products: rows, dimensions, partitionRows } = workload;
  const server = {
    ...{ rows, dimensions, shards: 2, partitionRows, cores: 2 },
    ...{ shardHeapBytes: plan.shardHeapBytes, queryHeapBytes: plan.queryHeapBytes },
    ...{ shardResidentBytes: plan.shardResidentBytes, storeBytes: plan.storeBytes },
    ...{ aloneMs: plan.p50Ms, perSecond: plan.perSecond },
    queryCpuMs: truth.vector_query_cpu_ms + 2 * truth.query_part_cpu_ms,
    shardsCpuMs: 2 * (truth.vector_shard_cpu_ms + walkMs),
    clientCpuMs: truth.vector_client_cpu_ms,
  };
  const { embed_cpu_ms: embedCpuMs, document_bytes: documentBytes } = truth;
  const measured = { segments, embedCpuMs, modelBytes: truth.model_bytes, documentBytes };
  const fitted = fitCoefficients({ ...measured, servers: [server, server] });
  const other = { ...workload, products: 1_000_000 };
  const [foretold, taken] = [fitted, truth].map((of) => planOneMachine(other, machine, of));
  for (const [figure, value] of Object.entries<number>({ ...taken })) {
    const error = (foretold?.[figure as keyof typeof foretold] ?? 0) / value - 1;
    expect([figure, Math.abs(error) < 1e-6]).toEqual([figure, true]);
  }
});
