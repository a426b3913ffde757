import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Graph } from '../../src/shard/engine/graph.js';
import { usearchEngine } from '../../src/shard/engine/usearch.js';
import type { PartitionData, Range } from './partition-data.js';
import { rowOf } from './synthetic.js';

/** The product's defaults. */
const PARAMETERS = { engine: 'usearch', M: 16, efConstruction: 200 } as const;

/** A graph over consecutive rows, and what it took. */
export interface BuiltGraph {
  graph: Graph;
  range: Range;
  /** CPU, one thread. */
  buildS: number;
  bytes: number;
}

/** Graphs built for one data set, each once, in a folder that goes with them. */
export class GraphShelf {
  private readonly folder = mkdtempSync(join(tmpdir(), 'omnisearch-partitions-'));
  private readonly built = new Map<string, BuiltGraph>();

  constructor(private readonly data: PartitionData) {}

  /** Blocks while it builds, a minute at most for 100,000 rows. */
  async over(range: Range): Promise<BuiltGraph> {
    const name = `${String(range.from)}-${String(range.to)}`;
    const known = this.built.get(name);
    if (known !== undefined) return known;
    const { base } = this.data;
    const rows = {
      dimensions: base.dimensions,
      count: range.to - range.from,
      vectorAt: (row: number) => rowOf(base, range.from + row),
    };
    const file = join(this.folder, name);
    const before = process.cpuUsage();
    usearchEngine.build(file, rows, PARAMETERS, () => false);
    const { user, system } = process.cpuUsage(before);
    const bytes = statSync(file).size;
    const graph = await usearchEngine.open(file, base.dimensions, range.from, bytes);
    const result = { graph, range, buildS: (user + system) / 1e6, bytes };
    this.built.set(name, result);
    return result;
  }

  /** The mapped files stay readable until the graphs are collected. */
  close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}
