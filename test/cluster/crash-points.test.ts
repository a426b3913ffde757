import type * as timersPromises from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CrashWorld, QUERY_NODE, TENANT, type Command, type Kill } from './crash-world.js';

/** Waits of seconds take hundredths here. */
vi.mock('node:timers/promises', async (original) => {
  const timers = await original<typeof timersPromises>();
  const setTimeout: typeof timers.setTimeout = (ms = 0, ...rest) =>
    timers.setTimeout(ms >= 500 ? ms / 100 : ms, ...rest);
  return { ...timers, setTimeout };
});

let world: CrashWorld;
beforeEach(async () => {
  world = await CrashWorld.open();
});
afterEach(() => world.close());

const MICE = { tenant: TENANT, category: 'Mice' };

/** Mice, in one part, to where they are not. */
const move: Command = async (desk) => {
  const [{ replicas }] = await world.holding('Mice');
  const isFirst = replicas.some(({ node }) => node === 's1');
  await desk.move(MICE, isFirst ? ['s2', 's3'] : ['s1', 's2']);
};

/** Mice in two halves, the second to where it is not. */
const split: Command = async (desk, untilOver) => {
  const [, half] = (await desk.split(MICE)).partitions;
  await untilOver();
  const isThird = half?.partition.replicas.some(({ node }) => node === 's3');
  const choice = { tenant: TENANT, partition: half?.partition.id };
  await desk.move(choice, isThird ? ['s1', 's2'] : ['s1', 's3']);
};

/** And in one again, for which one of them has to move. */
const merge: Command = async (desk, untilOver) => {
  while ((await desk.merge(MICE)).partitions.length > 1) await untilOver();
};

const toOne: Command = async (...args) => {
  if ((await world.holding('Mice')).length > 1) await merge(...args);
};
const toTwo: Command = async (...args) => {
  if ((await world.holding('Mice')).length === 1) await split(...args);
};

const LIVES = { actor: QUERY_NODE, changes: 0, at: Infinity };
const SHARDS = ['s1', 's2', 's3'];
/** Of the query node, and of the shards: of each walk more than twenty in all. */
const LEAST_POINTS = 12;
/** The other one leaves it little to do. */
const LEAST_HELPED_POINTS = 5;
const LEAST_SHARD_POINTS = 9;
/** Questions of a shard after a change of the placement: it is in the midst of what comes of it. */
const LATER = 3;

type Walk = [name: string, command: Command, before: Command | undefined, changes: number];
const WALKS: Walk[] = [
  ['a move', move, undefined, 3],
  ['a split', split, toOne, 4],
  ['a merge', merge, toTwo, 4],
];

/** Kills at that point of the walk, and looks at what came of it; resolves with where it was. */
async function killedAt(
  [, command, before]: Walk,
  kill: Kill,
  isHelped = false,
): Promise<string | undefined> {
  if (before !== undefined) await world.run(before, LIVES);
  const point = await world.run(command, kill, isHelped);
  await world.check();
  return point;
}

/** The query node dies in place of each of its questions. */
async function killedAtEach(walk: Walk, isHelped = false): Promise<string[]> {
  const points: string[] = [];
  for (let at = 0; ; at++) {
    const kill = { actor: QUERY_NODE, changes: 0, at };
    const point = await killedAt(walk, kill, isHelped);
    if (point === undefined) return points;
    points.push(point);
  }
}

describe.each(WALKS)('%s, with products written meanwhile, ends or is undone', (...walk) => {
  let points: string[] = [];
  // Named for whoever reads the output of the tests.
  afterEach(() => process.stdout.write(`${points.join('\n')}\n`));

  test('invariant 1: and loses nothing, whenever the query node is killed that does it', async () => {
    points = await killedAtEach(walk);
    expect(points.length).toBeGreaterThanOrEqual(LEAST_POINTS);
  });

  test('invariant 1: and loses nothing, whenever that is killed and another one does the jobs', async () => {
    points = await killedAtEach(walk, true);
    expect(points.length).toBeGreaterThanOrEqual(LEAST_HELPED_POINTS);
  });

  test('invariant 1: and loses nothing, whenever a shard is killed', async () => {
    points = [];
    for (let changes = 0; changes <= walk[3]; changes++) {
      for (const [i, actor] of SHARDS.entries()) {
        const at = LATER * ((changes + i) % 2);
        const point = await killedAt(walk, { actor, changes, at });
        if (point !== undefined) points.push(point);
      }
    }
    expect(points.length).toBeGreaterThanOrEqual(LEAST_SHARD_POINTS);
  });
});
