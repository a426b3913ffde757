import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_COEFFICIENTS } from '../../src/capacity/coefficients.js';
import {
  fileRowBytes,
  mappedRowBytes,
  rowBytes,
  storeRowBytes,
} from '../../src/capacity/data-size.js';
import { planCluster, type Plan } from '../../src/capacity/plan-cluster.js';
import { EXAMPLE_PRICES, type MachinePrice } from '../../src/capacity/prices.js';
import { MEMORY_SHARE } from '../../src/capacity/size-shards.js';
import { categoryShares, totalRows, type Workload } from '../../src/capacity/workload.js';

const of = DEFAULT_COEFFICIENTS;
const RUNS = { numRuns: 150 };
const SHOP: Workload = {
  ...{ products: 1, tenants: { count: 0, rows: 0 }, qps: 1, dimensions: 512, categories: 1 },
  ...{ replicas: 1, partitionRows: 5_000, p99Ms: 200, availability: 0 },
};

const workloads: fc.Arbitrary<Workload> = fc.record({
  products: fc.integer({ min: 1, max: 60_000_000 }),
  tenants: fc.record({
    count: fc.integer({ min: 0, max: 500 }),
    rows: fc.integer({ min: 1, max: 50_000 }),
  }),
  qps: fc.integer({ min: 1, max: 5_000 }),
  dimensions: fc.constantFrom(128, 256, 512, 768),
  categories: fc.constantFrom<Workload['categories']>('zipf', 'even', 3, 1_000),
  replicas: fc.integer({ min: 1, max: 4 }),
  partitionRows: fc.constantFrom(5_000, 100_000),
  p99Ms: fc.constant(200),
  availability: fc.constantFrom(0, 0.99, 0.9999),
});

function planned(workload: Workload, machines: MachinePrice[] = EXAMPLE_PRICES.machines): Plan {
  const plan = planCluster(workload, machines, EXAMPLE_PRICES, of);
  if (plan === undefined) throw new Error('nothing is large enough');
  return plan;
}

/** What machines take an hour: disk and network aside. */
function machinesHour({ query, shard }: Plan): number {
  return [query, shard].reduce(
    (sum, { nodes, machine }) => sum + nodes * machine.hour.on_demand,
    0,
  );
}

/** A workload, and one that asks for more in one way. */
const growing = fc
  .tuple(
    workloads,
    fc.constantFrom('products', 'qps', 'replicas', 'dimensions' as const),
    fc.double({ min: 1, max: 8, noNaN: true }),
  )
  .map(([workload, what, times]): [Workload, Workload] => {
    return [workload, { ...workload, [what]: Math.ceil(workload[what] * times) }];
  });

describe('a plan', () => {
  test('never gets cheaper when more is asked for', () => {
    fc.assert(
      fc.property(growing, ([less, more]) => {
        const [before, after] = [planned(less), planned(more)];
        fc.pre(before.isInTime && after.isInTime);
        expect(machinesHour(after)).toBeGreaterThanOrEqual(machinesHour(before) - 1e-9);
        expect(after.diskBytes.store).toBeGreaterThanOrEqual(before.diskBytes.store);
      }),
      RUNS,
    );
  });

  test('never has fewer machines when more is asked for, where there is one size', () => {
    const machines = EXAMPLE_PRICES.machines.filter(({ name }) => name === '8c32g');
    fc.assert(
      fc.property(growing, ([less, more]) => {
        const [before, after] = [planned(less, machines), planned(more, machines)];
        fc.pre(before.isInTime && after.isInTime);
        const nodes = ({ query, shard }: Plan): number => query.nodes + shard.nodes;
        expect(nodes(after)).toBeGreaterThanOrEqual(nodes(before));
      }),
      RUNS,
    );
  });

  test('more products on as many copies never need less memory', () => {
    fc.assert(
      fc.property(growing, ([less, more]) => {
        const [before, after] = [planned(less), planned(more)];
        fc.pre(totalRows(more) > totalRows(less) && after.shard.replicas === before.shard.replicas);
        const rows = (workload: Workload): number =>
          totalRows(workload) * rowBytes(workload.dimensions, of) * before.shard.replicas;
        expect(rows(more)).toBeGreaterThan(rows(less));
        expect(after.memoryBytes.shard).toBeGreaterThanOrEqual(rows(more));
      }),
      RUNS,
    );
  });

  test('holds all rows, within the memory, processors, copies and time that it promises', () => {
    fc.assert(
      fc.property(workloads, (workload) => {
        const { shard, query, limits, latency, isInTime, memoryBytes } = planned(workload);
        const { machine, replicas, groups, processes, nodes, parts } = shard;
        expect(nodes).toBe(groups * replicas);
        expect(parts).toBe(groups * processes);
        expect(processes).toBeLessThanOrEqual(machine.cores);
        expect(replicas).toBeGreaterThanOrEqual(workload.replicas);
        const lacks = groups * (1 - of.node_availability) ** replicas;
        if (workload.availability > 0)
          expect(lacks).toBeLessThanOrEqual(1 - workload.availability + 1e-9);
        expect(memoryBytes.shard / nodes).toBeLessThanOrEqual(machine.memory_bytes * MEMORY_SHARE);
        const { p99, ...used } = limits.used;
        for (const share of Object.values(used)) expect(share).toBeLessThanOrEqual(1 + 1e-9);
        expect(isInTime).toBe(latency.p99Ms <= workload.p99Ms);
        expect(p99 <= 1).toBe(isInTime);
        expect(Math.max(...Object.values(limits.used))).toBe(limits.used[limits.failsFirst]);
        if (workload.replicas > 1) expect(query.nodes).toBeGreaterThan(1);
      }),
      RUNS,
    );
  });

  test('says so where p99 cannot be kept, and where no machine is large enough', () => {
    const workload = { ...fc.sample(workloads, { numRuns: 1, seed: 1 })[0], p99Ms: 1 } as Workload;
    expect(planned(workload).isInTime).toBe(false);
    const machine = { ...(EXAMPLE_PRICES.machines[0] as MachinePrice), memory_bytes: 10_000_000 };
    expect(planCluster(workload, [machine], EXAMPLE_PRICES, of)).toBeUndefined();
  });

  test('costs less by commitment, and its spot machines are query nodes alone', () => {
    fc.assert(
      fc.property(workloads, (workload) => {
        const { money, query } = planned(workload);
        expect(money.three_years).toBeLessThan(money.one_year);
        expect(money.one_year).toBeLessThan(money.on_demand);
        const { on_demand, spot } = query.machine.hour;
        expect(money.on_demand - money.spot).toBeCloseTo(query.nodes * (on_demand - spot) * 730, 3);
      }),
      RUNS,
    );
  });
});

test('a row: its vector twice, its links, its words; on disk also the graph of a large category', () => {
  const { link_bytes: links, text_bytes: words, store_vector_share: pages } = of;
  expect(rowBytes(512, of)).toBe(2_048 + 512 + links + of.row_heap_bytes);
  // Mapped vectors are no memory of the process, and are to be there all the same.
  expect(mappedRowBytes(512, of)).toBe(2_048 + 512 + links);
  const row = 2_048 + 512 + links + words;
  const onDisk = (products: number, parts: number): number =>
    fileRowBytes({ ...SHOP, products, categories: 4 }, parts, of);
  expect(onDisk(9_999, 1)).toBe(row);
  expect(onDisk(10_000, 1)).toBe(row + 512 + links);
  // A category lies on one of few parts as a whole, and on several of many.
  expect(onDisk(10_000, 4)).toBe(row + 512 + links);
  expect(onDisk(10_000, 8)).toBe(row);
  expect(storeRowBytes(512, of) - of.store_row_bytes - of.document_bytes).toBe(2_048 * pages);
});

test('categories take shares of all products, largest first', () => {
  for (const mix of ['zipf', 'even', 7] as const) {
    const shares = categoryShares(mix);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
  }
  expect(categoryShares(7)).toHaveLength(7);
  expect(categoryShares('zipf')[0]).toBeGreaterThan(10 * (categoryShares('zipf')[99] ?? 0));
});
