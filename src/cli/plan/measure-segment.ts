import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Budget } from '../../core/budget.js';
import { Deadline } from '../../core/deadline.js';
import type { Product } from '../../core/product.js';
import { writeSegment } from '../../shard/build/write-segment.js';
import { openSegment } from '../../shard/index/open-segment.js';
import type { SegmentRecord } from '../../shard/index/segment-record.js';
import { TenantIndex } from '../../shard/index/tenant-index.js';
import { WriteBuffer } from '../../shard/index/write-buffer.js';
import { CostModel } from '../../shard/leaf/cost-model.js';
import { leafSearch } from '../../shard/leaf/leaf-search.js';
import { PartitionSet, WHOLE } from '../../shard/leaf/partition-set.js';
import { DEFAULT_TEXT_SETTINGS } from '../../text/default-settings.js';
import { productTerms } from '../../text/product-terms.js';

/** Of the widths that are chosen when graphs are sealed, a usual one. */
const EF = 64;
const K = 10;
const SEARCHES = 400;

/** What a segment of so many rows took, and what a walk through its graph takes. */
export interface MeasuredSegment {
  rows: number;
  dimensions: number;
  /** A core's time, microseconds a search. */
  cpuUs: number;
  buildS: number;
  /** A row's words, columns and ids; and its links. */
  textBytes: number;
  linkBytes: number;
}

/** Builds a segment of these products with vectors of no meaning, as a shard does, and searches it in this process. */
export async function measureSegment(
  products: readonly Product[],
  rows: number,
  dimensions: number,
): Promise<MeasuredSegment> {
  const folder = await mkdtemp(join(tmpdir(), 'omnisearch-calibrate-'));
  try {
    const buffer = filled(products, rows, dimensions);
    const startMs = performance.now();
    const record = await writeSegment(folder, 's', [buffer], {
      ...{ dimensions, graphMinRows: rows },
      graph: { engine: 'usearch', M: 16, efConstruction: 200 },
      ef: { target: 0.5, min: EF, max: EF },
    });
    if (record === undefined) throw new Error('a segment without rows');
    const buildS = (performance.now() - startMs) / 1_000;
    const cpuUs = await searched(folder, record, dimensions);
    const textKinds = record.components.filter(
      ({ kind }) => kind !== 'vectors' && kind !== 'graph',
    );
    const graphs = record.components.filter(({ kind }) => kind === 'graph');
    const linkBytes = bytesOf(graphs) / rows - dimensions;
    return { rows, dimensions, cpuUs, buildS, textBytes: bytesOf(textKinds) / rows, linkBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function filled(products: readonly Product[], rows: number, dimensions: number): WriteBuffer {
  const buffer = new WriteBuffer(dimensions);
  for (let row = 0; row < rows; row++) {
    const like = products[row % products.length];
    if (like === undefined) throw new Error('no products to measure with');
    const product = { ...like, id: `${like.id}-${row}`, category: 'all' };
    const terms = productTerms(product, DEFAULT_TEXT_SETTINGS);
    buffer.append(product, row + 1, unitVector(row, dimensions), terms);
  }
  return buffer;
}

async function searched(folder: string, record: SegmentRecord, dimensions: number) {
  const index = new TenantIndex('calibrate', 'm', dimensions, DEFAULT_TEXT_SETTINGS);
  const segment = await openSegment(folder, record);
  index.segments = [segment];
  const costs = new CostModel();
  const ask = async (seed: number): Promise<void> => {
    const vector = unitVector(seed, dimensions);
    const request = { vector, filter: undefined, k: K, ef: EF, exact: false, costs };
    const searcher = index.searcher();
    const budget = new Budget(Deadline.after(Infinity));
    await leafSearch(searcher, new PartitionSet(() => WHOLE), request, budget);
    searcher.release();
  };
  try {
    for (let i = 0; i < SEARCHES / 4; i++) await ask(-1 - i);
    const before = process.cpuUsage();
    for (let i = 0; i < SEARCHES; i++) await ask(-1 - SEARCHES - i);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / SEARCHES;
  } finally {
    await segment.close();
  }
}

function bytesOf(components: SegmentRecord['components']): number {
  return components.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The same for the same seed, on every machine: a sum of few directions, so that some rows are near. */
function unitVector(seed: number, dimensions: number): Float32Array {
  let state = (seed * 2_654_435_761 + 97) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const centre = Math.abs(seed) % 64;
  const vector = Float32Array.from({ length: dimensions }, (_, i) => {
    return Math.sin((i + 1) * (centre + 1)) + 2 * next();
  });
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
