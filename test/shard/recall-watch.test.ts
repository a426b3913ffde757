import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { RecallBand } from '../../src/core/shard-status.js';
import type { GraphRecord } from '../../src/shard/index/segment-record.js';
import type { ShardNodeOptions } from '../../src/shard/node/shard-node-options.js';
import { put, ShardFixture } from './shard-fixture.js';

const ROWS = 3_000;
/** So many that a scan of all rows is dearer than a graph; few of them are not zero. */
const DIMENSIONS = 512;
/** Links and care so few that a search often ends in the wrong place. */
const DAMAGED = { M: 2, efConstruction: 4 };
/** Bad as well, but in one piece: a wide enough search finds the way. */
const POOR = { M: 5, efConstruction: 8 };
const SOUND = { M: 12, efConstruction: 80 };

let shard: ShardFixture;
afterEach(() => shard.close());

/** Numbers in [0, 1), the same in every run. */
let state = 1;
const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const vector = (): number[] =>
  Array.from({ length: DIMENSIONS }, (_, i) => (i < 8 ? random() - 0.5 : 0));

async function open(graph: { M: number; efConstruction: number }, maxEf: number, share = 1) {
  const segment: ShardNodeOptions['segment'] = {
    graphMinRows: 1_000,
    graph: { engine: 'hnswlib', ...graph },
    ef: { target: 0.98, min: 16, max: maxEf },
  };
  shard = await ShardFixture.open({
    segment,
    dimensions: DIMENSIONS,
    merge: {
      tailRows: ROWS,
      fanout: 3,
      maxDeadShare: 0.2,
      maxSegmentRows: 1e6,
      replayEntries: 1e9,
    },
    recall: { sampleShare: share, target: 0.98, cpuShare: 1, random },
  });
  await shard.place('c');
  await shard.write(
    Array.from({ length: ROWS }, (_, i) => put(`p${i}`, 'c', vector(), { price: i })),
  );
  await shard.untilSaved((manifest) => (manifest?.segments.length ?? 0) > 0);
}

/** Of the only graph, as the manifest has it. */
function sealedGraph(): GraphRecord {
  const graphs = shard.manifest()?.segments.flatMap(({ components }) => components) ?? [];
  return graphs.find(
    (component): component is GraphRecord => component.kind === 'graph',
  ) as GraphRecord;
}

async function bandsWhen(wanted: (bands: readonly RecallBand[]) => boolean): Promise<RecallBand[]> {
  for (let i = 0; i < 1_500; i++) {
    const bands = shard.node.status().recall?.bands ?? [];
    if (wanted(bands)) return bands;
    await sleep(10);
  }
  throw new Error(`it never came: ${JSON.stringify(shard.node.status().recall)}`);
}

/** The width of an unfiltered search, as it is explained. */
async function widthOfSearch(): Promise<number | undefined> {
  const reply = await shard.search(vector(), { k: 10, exact: false, explain: true });
  return reply.explanation?.steps[0]?.candidates;
}

test('the width of a poor graph is chosen when it is sealed, and the first search has it', async () => {
  await open(POOR, 2_048);
  const { ef, recall } = sealedGraph();
  expect(ef).toBeGreaterThan(32);
  expect(recall).toBeGreaterThanOrEqual(0.98);
  expect(await widthOfSearch()).toBe(ef);
  await shard.restart();
  await shard.settle();
  expect(await widthOfSearch()).toBe(ef);
});

test('a sound graph is searched no wider than it must be', async () => {
  await open(SOUND, 512);
  const { ef, recall } = sealedGraph();
  expect(ef).toBeLessThan(128);
  expect(recall).toBeGreaterThanOrEqual(0.98);
});

test('a graph that no width helps is said to be below the target, when it is sealed and by repeats', async () => {
  await open(DAMAGED, 40);
  const { ef, recall } = sealedGraph();
  expect(ef).toBeLessThanOrEqual(40);
  expect(recall).toBeLessThan(0.98);
  expect(shard.log.join()).toContain('below the recall target');
  for (let i = 0; i < 24; i++) await shard.search(vector(), { k: 10, exact: false, alone: true });
  const bands = await bandsWhen((all) => all.at(-1)?.failing === true);
  expect(bands.at(-1)?.high).toBeLessThan(0.98);
});

test('searches are repeated by band, those that asked for exact ones are not', async () => {
  await open(SOUND, 512);
  for (let i = 0; i < 4; i++) {
    const filter = { kind: 'range', field: 'price', op: 'lt', value: 20 } as const;
    await shard.search(vector(), { k: 10, exact: false, alone: true, filter });
    await shard.search(vector(), { k: 10, exact: true, alone: true });
    await shard.search(vector(), { k: 10, exact: false, alone: true });
  }
  const bands = await bandsWhen((all) => all[1]?.repeats === 4 && all[4]?.repeats === 4);
  expect(bands.map(({ selectivity }) => selectivity)).toEqual([0.001, 0.01, 0.1, 0.5, 1]);
  // 20 of 3,000 rows: below 1 %. Scanned, so exact.
  expect(bands[1]).toMatchObject({ selectivity: 0.01, repeats: 4, recall: 1, failing: false });
  expect(bands[4]?.recall).toBeGreaterThan(0.95);
  expect(bands[4]?.failing).toBe(false);
});
