import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { RecallBand } from '../../src/protocol/messages.js';
import type { ShardNodeOptions } from '../../src/shard/shard-node.js';
import { put, ShardFixture } from './shard-fixture.js';

const ROWS = 3_000;
/** So many that a scan of all rows is dearer than a graph; few of them are not zero. */
const DIMENSIONS = 512;
/** Links and care so few that a search often ends in the wrong place. */
const DAMAGED = built(2, 4);
/** Bad as well, but in one piece: a wide enough search finds the way. */
const POOR = built(5, 8);
const SOUND = built(12, 80);

function built(M: number, efConstruction: number): ShardNodeOptions['segment'] {
  return { graphMinRows: 1_000, graph: { engine: 'hnswlib', M, efConstruction } };
}

let shard: ShardFixture;
afterEach(() => shard.close());

/** Numbers in [0, 1), the same in every run. */
let state = 1;
const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const vector = (): number[] =>
  Array.from({ length: DIMENSIONS }, (_, i) => (i < 8 ? random() - 0.5 : 0));

async function open(segment: ShardNodeOptions['segment'], maxEf: number, sampleShare: number) {
  shard = await ShardFixture.open({
    segment,
    dimensions: DIMENSIONS,
    merge: { tailRows: ROWS, fanout: 3, maxDeadShare: 0.2, replayEntries: 1e9 },
    recall: {
      sampleShare,
      ef: { target: 0.98, start: 24, min: 16, max: maxEf },
      cpuShare: 1,
      random,
    },
  });
  await shard.place('c');
  await shard.write(
    Array.from({ length: ROWS }, (_, i) => put(`p${i}`, 'c', vector(), { price: i })),
  );
}

/** The band of unfiltered searches, once it is as `wanted`. */
async function bandWhen(wanted: (band: RecallBand) => boolean): Promise<RecallBand> {
  for (let i = 0; i < 1_500; i++) {
    const { recall } = await shard.node.status();
    const band = recall?.bands.at(-1);
    if (band !== undefined && wanted(band)) return band;
    await sleep(10);
  }
  throw new Error(`it never came: ${JSON.stringify((await shard.node.status()).recall)}`);
}

describe('a graph that was damaged', () => {
  test('is noticed without any traffic: recall is below its target at the highest ef', async () => {
    await open(DAMAGED, 40, 1e-9);
    const band = await bandWhen(({ failing }) => failing);
    expect(band.high).toBeLessThan(0.98);
    expect(band.ef).toBe(40);
    expect(band.repeats).toBeGreaterThanOrEqual(8);
  });

  test('has ef raised until recall holds', async () => {
    await open(POOR, 2_048, 1e-9);
    const low = await bandWhen(({ recall }) => recall !== null && recall < 0.98);
    expect(low.repeats).toBeGreaterThan(0);
    const band = await bandWhen(({ recall, ef }) => ef > 24 && (recall ?? 0) >= 0.98);
    expect(band.failing).toBe(false);
  });
});

test('once enough queries have come, recall is learnt from them', async () => {
  await open(SOUND, 512, 1e-9);
  const calibrated = ({ repeats }: RecallBand): boolean => repeats >= 32;
  const before = await bandWhen(calibrated);
  for (let i = 0; i < 64; i++) await shard.search(vector(), { k: 10, exact: false });
  await bandWhen(({ repeats }) => repeats >= before.repeats + 48);
});

test('a sound graph keeps its ef, and callers are sampled per band', async () => {
  await open(SOUND, 512, 1);
  await bandWhen(({ repeats }) => repeats >= 40);
  for (let i = 0; i < 4; i++) {
    const filter = { kind: 'range', field: 'price', op: 'lt', value: 20 } as const;
    await shard.search(vector(), { k: 10, exact: false, filter });
    await shard.search(vector(), { k: 10, exact: true });
  }
  for (let i = 0; i < 500; i++) {
    const { recall } = await shard.node.status();
    if (recall?.bands[1]?.repeats === 4) break;
    await sleep(10);
  }
  const bands = (await shard.node.status()).recall?.bands ?? [];
  // 20 of 3,000 rows: below 1 %. Scanned, so exact.
  expect(bands[1]).toMatchObject({ selectivity: 0.01, repeats: 4, recall: 1, failing: false });
  const unfiltered = bands.at(-1);
  expect(unfiltered?.recall).toBeGreaterThan(0.97);
  expect(unfiltered?.ef).toBeLessThan(128);
});
