import { storedRow } from '../store/place.js';
import { expect, test } from 'vitest';
import { HASH_END } from '../../src/core/ids.js';
import { normalise } from '../../src/core/vector.js';
import { CostModel } from '../../src/shard/leaf/cost-model.js';
import { repeatExactly, type RepeatQuery } from '../../src/shard/recall/exact-repeat.js';
import { IdleTurns } from '../../src/shard/node/idle-turns.js';
import { PartitionSet } from '../../src/shard/leaf/partition-set.js';
import type { TenantIndex } from '../../src/shard/index/tenant-index.js';
import { newIndex, upsert } from './indexed.js';

const DIMENSIONS = 512;
const ROWS = 5_000;

function indexOf(rows: number): TenantIndex {
  const index = newIndex(DIMENSIONS);
  for (let i = 0; i < rows; i++) add(index, i);
  return index;
}

function add(index: TenantIndex, i: number): void {
  const vector = new Float32Array(DIMENSIONS).map((_, d) => Math.sin(i * 7 + d * (1 + (i % 5))));
  const product = { id: `p${i}`, title: 't', category: 'c', price: i };
  const vectors = { text: normalise(vector) as Float32Array };
  upsert(index, storedRow({ version: i + 1, model: 'm', product, vectors }));
}

const QUERY: RepeatQuery = {
  vector: normalise(new Float32Array(DIMENSIONS).fill(1)) as Float32Array,
  filter: undefined,
  partitions: new PartitionSet(() => [{ from: 0, to: HASH_END }]),
  k: 10,
  reach: -Infinity,
};

/** A scan, which finds all. */
const scanOf = (expected: number) => ({ sample: { found: expected, expected } });

test('a repeat takes many short turns, and sees the rows of its first', async () => {
  const index = indexOf(ROWS);
  let turns = 0;
  const result = await repeatExactly(index, QUERY, new CostModel(), async () => {
    turns += 1;
    // What comes and goes between its turns is not its concern.
    if (turns > 1) add(index, ROWS + turns);
    if (turns > 1) index.drop(`p${turns * 31}`, Number.MAX_SAFE_INTEGER);
  });
  expect(result).toEqual({ band: 4, ...scanOf(10) });
  // The first, then one every 2^21 values: 5,000 rows of 512 are scanned twice.
  expect(turns).toBe(1 + 2);
});

test('few matches are expected to be found all; none is no sample', async () => {
  const index = indexOf(40);
  const turn = async (): Promise<void> => undefined;
  const matching = (value: number): RepeatQuery => ({
    ...QUERY,
    filter: { kind: 'range', field: 'price', op: 'lt', value },
  });
  const few = await repeatExactly(index, matching(3), new CostModel(), turn);
  expect(few).toEqual({ band: 2, ...scanOf(3) });
  expect(await repeatExactly(index, matching(0), new CostModel(), turn)).toBeUndefined();
});

test('idle turns wait while something else runs, and end at a close', async () => {
  let busy = true;
  const turns = new IdleTurns({ isBusy: () => busy, isCalm: () => false }, 1);
  let came = false;
  const turn = turns.next().then(() => (came = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(came).toBe(false);
  busy = false;
  await turn;
  busy = true;
  const last = turns.next();
  turns.close();
  await expect(last).rejects.toThrow(/abort/i);
});
