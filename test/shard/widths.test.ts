import { renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GraphRecord } from '../../src/shard/index/segment-record.js';
import type { ShardNodeOptions } from '../../src/shard/node/shard-node-options.js';
import { put, ShardFixture } from './shard-fixture.js';

const ROWS = 1_600;
/** So many that a scan of all rows is dearer than a graph; few of them are not zero. */
const DIMENSIONS = 512;
const MEANT = 32;
/** Of two categories, each of which has a graph of its own beside that of all. */
const CATEGORIES = ['c', 'd'];
const GRAPHS = ['all', 'c0', 'c1'];

const segmentFor = (target: number): ShardNodeOptions['segment'] => ({
  graphMinRows: 500,
  graph: { engine: 'usearch', M: 8, efConstruction: 40 },
  ef: { target, min: 16, max: 512 },
});

let shard: ShardFixture;
beforeEach(async () => {
  shard = await ShardFixture.open({
    segment: segmentFor(0.9),
    dimensions: DIMENSIONS,
    merge: {
      ...{ tailRows: ROWS, fanout: 3, maxDeadShare: 0.2 },
      ...{ maxSegmentRows: 1e6, replayEntries: 1e9 },
    },
  });
  for (const category of CATEGORIES) await shard.place(category);
  const category = (i: number): string => CATEGORIES[i % 2] as string;
  await shard.write(Array.from({ length: ROWS }, (_, i) => put(`p${i}`, category(i), vectorOf(i))));
  await shard.untilSaved((manifest) => (manifest?.segments.length ?? 0) > 0);
});
afterEach(() => shard.close());

/** Numbers in [0, 1), the same in every run. */
let state = 1;
const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const rows = Array.from({ length: ROWS }, () =>
  Array.from({ length: DIMENSIONS }, (_, d) => (d < MEANT ? random() - 0.5 : 0)),
);
const vectorOf = (row: number): number[] => rows[row] as number[];

/** As near to a row as what is searched for by its name. */
function near(row: number): number[] {
  return vectorOf(row).map((value, d) => (d < MEANT ? value + 0.02 * (random() - 0.5) : 0));
}

/** Searches that no other shard is asked for, if `alone`, each near a row of the first category. */
async function search(count: number, alone: boolean, categories?: string[]): Promise<void> {
  const options = { k: 10, exact: false, alone, ...(categories && { categories }) };
  for (let i = 0; i < count; i++) await shard.search(near(2 * i), options);
}

function graphs(): Map<string, GraphRecord> {
  const [segment] = shard.manifest()?.segments ?? [];
  const all = (segment?.components ?? []).filter((one): one is GraphRecord => one.kind === 'graph');
  return new Map(all.map((graph) => [graph.name, graph]));
}

const byQueries = (): string[] =>
  [...graphs()].flatMap(([name, graph]) => (graph.byQueries === true ? [name] : []));

async function widthOf(categories?: string[]): Promise<number | undefined> {
  const options = { k: 10, exact: false, explain: true, ...(categories && { categories }) };
  const { explanation } = await shard.search(near(1), options);
  return explanation?.steps[0]?.candidates;
}

test('a width is chosen anew once it is known what callers search for, in all and in a category', async () => {
  const { folder } = shard.manifest()?.segments[0] ?? {};
  const before = graphs();
  expect([...before.keys()]).toEqual(GRAPHS);
  expect(byQueries()).toEqual([]);

  await search(48, true);
  await shard.untilSaved(() => byQueries().includes('all'));
  expect(byQueries()).toEqual(['all']);
  // What is looked for by its name is found sooner than what stand-ins are.
  const all = graphs().get('all') as GraphRecord;
  expect(all.ef).toBeLessThan((before.get('all') as GraphRecord).ef);
  expect(all.recall).toBeGreaterThanOrEqual(0.9);
  expect(await widthOf()).toBe(Math.max(all.ef, 16));

  await search(24, true, ['c']);
  await shard.untilSaved(() => byQueries().includes('c0'));
  expect(byQueries()).toEqual(['all', 'c0']);
  // The segment itself is what it was, and a start takes the widths over.
  expect(shard.manifest()?.segments[0]?.folder).toBe(folder);
  await shard.restart();
  await shard.settle();
  expect(await widthOf()).toBe(Math.max(all.ef, 16));
});

test('what other shards were asked for, too, is no measure', async () => {
  await search(60, false);
  await search(30, true, CATEGORIES);
  await shard.restart(undefined, { segment: segmentFor(0.95) });
  await shard.settle();
  await shard.untilSaved(() => graphs().get('c1')?.target === 0.95);
  expect(byQueries()).toEqual([]);
});

test('a graph whose file turns out to be damaged is built anew, and its width is chosen', async () => {
  const { folder } = shard.manifest()?.segments[0] ?? {};
  const [file = ''] = shard.files(/all\.graph$/);
  // Not in place: what is mapped of it is in use.
  writeFileSync(`${file}.damaged`, 'no graph');
  renameSync(`${file}.damaged`, file);
  await search(48, true);
  await shard.untilSaved(() => byQueries().includes('all'));
  expect(shard.manifest()?.segments[0]?.folder).not.toBe(folder);
  expect((await shard.search(near(1), { k: 10, exact: false })).hits.ids).toHaveLength(10);
});

test('another recall is held from the next start on, without a build', async () => {
  const before = graphs();
  const { folder } = shard.manifest()?.segments[0] ?? {};
  await shard.restart(undefined, { segment: segmentFor(0.99) });
  await shard.settle();
  await shard.untilSaved(() => [...graphs().values()].every(({ target }) => target === 0.99));
  expect(shard.manifest()?.segments[0]?.folder).toBe(folder);
  for (const [name, { ef, recall }] of graphs()) {
    expect(ef).toBeGreaterThan((before.get(name) as GraphRecord).ef);
    expect(recall).toBeGreaterThanOrEqual(0.99);
  }
});
