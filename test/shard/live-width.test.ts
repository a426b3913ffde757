import { expect, test } from 'vitest';
import type { Graph } from '../../src/shard/engine/graph.js';
import { Bitset } from '../../src/shard/index/bitset.js';
import type { SegmentView } from '../../src/shard/index/segment-view.js';
import { VectorSlabs } from '../../src/shard/index/vector-slabs.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { planView } from '../../src/shard/leaf/search-plan.js';
import type { Selection } from '../../src/shard/leaf/selection.js';
import { unlimited } from './leaf-fixture.js';

const ROWS = 100_000;
const DIMENSIONS = 512;
const EF = 40;
const GRAPH: Graph = {
  ...{ firstRow: 0, size: ROWS, bytes: 0, scoreMargin: 0, ef: EF },
  search: () => ({ rows: [], scores: [] }),
};

/** Candidates that a graph of all rows is asked for. */
function widthOf(live: number, selected: Partial<Selection> = {}): number | undefined {
  const dead = new Bitset(ROWS);
  dead.addRange(live, ROWS);
  const slabs = [new Float32Array(0)];
  const view = {
    ...{ rows: ROWS, dead, deadCount: ROWS - live, graph: GRAPH },
    ranges: [{ category: 'c', from: 0, to: ROWS, graph: undefined }],
    vectors: new VectorSlabs(DIMENSIONS, slabs, [0, ROWS]),
  } as unknown as SegmentView;
  const selection = { count: live, mask: undefined, ranges: undefined, ...selected };
  const run = {
    ...{ vector: new Float32Array(DIMENSIONS), k: 16, ef: 0, exact: false, filtered: false },
    ...{ costs: new CostModel(), budget: unlimited() },
  };
  const [step] = planView(view, selection, run);
  return step?.graph === undefined ? undefined : step.width;
}

test('where rows were deleted, as many more candidates are asked for as are deleted', () => {
  expect(widthOf(ROWS)).toBe(EF);
  expect(widthOf(ROWS - 1)).toBeLessThanOrEqual(EF + 2);
  expect(widthOf(0.9 * ROWS)).toBeLessThan(1.3 * EF);
  expect(widthOf(0.9 * ROWS)).toBeGreaterThanOrEqual(EF / 0.9);
  expect(widthOf(0.6 * ROWS)).toBeLessThan(2.2 * EF);
});

test('matches of a filter may lie elsewhere than the query, so that more is asked for', () => {
  const mask = new Bitset(ROWS);
  mask.addRange(0, 0.9 * ROWS);
  const filtered = widthOf(ROWS, { mask, count: mask.count() });
  expect(filtered).toBeGreaterThan(widthOf(0.9 * ROWS) as number);
});
