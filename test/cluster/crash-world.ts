import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { ClusterDesk } from '../../src/cluster/cluster-desk.js';
import { PartitionGrower } from '../../src/cluster/partition-grower.js';
import { hashId } from '../../src/core/ids.js';
import { GROW_PARTITIONS, growPartitions } from '../../src/jobs/grow-partitions.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { JOB_KIND, jobId, renewJob, requestJob, type JobKind } from '../../src/jobs/job.js';
import { SETTLE_REPLICAS, settleReplicas } from '../../src/jobs/settle-replicas.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { firstPartition } from '../../src/placement/partition.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { isSettled } from '../../src/placement/replica-steps.js';
import type { AwaitedNodes } from '../../src/placement/until-searchable.js';
import { encodePartitions } from '../../src/protocol/partition-list.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { openLmdbStore } from '../../src/store/lmdb/open.js';
import { groupOf, PartitionMap } from '../../src/store/partition-map.js';
import type { Partition, Store } from '../../src/store/store.js';
import { bruteForce } from '../e2e/catalogue.js';
import { askNode, DIMENSIONS, MODEL } from '../shard/shard-fixture.js';
import { heldBy, place } from '../store/place.js';
import { CrashShards } from './crash-shards.js';
import { CrashWriter } from './crash-writer.js';
import { openDesk, ToldFleet } from './desk-fixture.js';
import { Mortal } from './mortal.js';

export const TENANT = 'shop';
const NODES = ['s1', 's2', 's3'];
const REPLICAS = 2;
const PRODUCTS = 150;
/** Of a runner's clock, between two looks of it at the jobs. */
const TICK_MS = 4_000;
const MAX_TICKS = 100;
const TIDY_MS = 10_000;
const logger = pino({ level: 'silent' });
const QUERY = Array.from({ length: DIMENSIONS }, (_, i) => 1 + (i % 3));

/** Who is killed, and after how many of its questions since the placement was changed so often by the command. */
export interface Kill {
  actor: string;
  changes: number;
  at: number;
}

export const QUERY_NODE = 'query node';

/** What an operator has a query node do. */
export type Command = (desk: ClusterDesk, untilOver: () => Promise<void>) => Promise<unknown>;

interface Driver {
  mortal: Mortal;
  desk: ClusterDesk;
  runner: JobRunner;
}

/** Three shards and their query nodes over one store, in one process: whatever is killed is an object. */
export class CrashWorld {
  private readonly shards: CrashShards;
  private readonly writer: CrashWriter;
  private readonly fleet = new ToldFleet(...NODES);
  private clockMs = 0;

  private constructor(
    private readonly dir: string,
    readonly store: Store,
  ) {
    this.shards = new CrashShards(store, dir);
    const nudge = (tenant: string): void => this.shards.nudge(tenant);
    this.writer = new CrashWriter(store, TENANT, ['Mice', 'Pans'], nudge);
  }

  /** The category Mice lies on s1 and s2, Pans on s2 and s3. */
  static async open(): Promise<CrashWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-crash-'));
    const world = new CrashWorld(dir, await openLmdbStore({ dir: join(dir, 'store') }));
    const partitions = [firstPartition('Mice', ['s1', 's2']), firstPartition('Pans', ['s2', 's3'])];
    await place(world.store, TENANT, partitions);
    for (const name of NODES) await world.shards.start(name);
    await world.writer.fill(0, PRODUCTS);
    return world;
  }

  async close(): Promise<void> {
    await this.shards.close();
    await this.store.close();
    rmSync(this.dir, { recursive: true });
  }

  async partitions(): Promise<readonly Partition[]> {
    return (await this.store.placement(TENANT)).partitions;
  }

  /** Those that name the category. */
  async holding(category: string): Promise<[Partition, ...Partition[]]> {
    const named = (await this.partitions()).filter(({ categories }) =>
      categories.includes(category),
    );
    return named as [Partition, ...Partition[]];
  }

  get writes(): number {
    return this.writer.writes;
  }

  /**
   * Has `command` done while products are written, and somebody killed on the way, and then whatever is left of
   * it by those that live. Resolves with where that was; undefined: it was over before.
   */
  async run(command: Command, kill: Kill, isHelped = false): Promise<string | undefined> {
    const stopWriting = this.writer.begin(PRODUCTS);
    const helper = this.driver();
    const help = async (): Promise<void> => {
      await helper.runner.tick();
      await helper.runner.settled();
    };
    let changes = 0;
    const armed = (): void => {
      if (changes === kill.changes) killed.arm(kill.at);
      changes += 1;
    };
    const driver = this.driver(isHelped ? help : undefined, armed);
    const killed = kill.actor === QUERY_NODE ? driver.mortal : this.shards.mortal(kill.actor);
    let where = '';
    const noted = killed.died.then(async () => (where = await this.shown()));
    armed();
    const doing = (async () => {
      await command(driver.desk, () => this.untilOver(driver));
      await this.untilOver(driver);
    })();
    doing.catch(() => undefined);
    await Promise.race([doing, driver.mortal.died]);
    driver.mortal.bury();
    await doing.catch((error: unknown) => {
      if (killed.point === undefined) throw error;
    });
    const { point } = killed;
    if (point === undefined) killed.arm(Infinity);
    else await noted;
    await this.untilOver(this.driver());
    await stopWriting();
    return point && `${kill.actor} ${point}, with ${where}`;
  }

  /** Where Mice are, and what is under way there. */
  private async shown(): Promise<string> {
    const marks = { building: ' being built', serving: '', leaving: ' leaving' };
    const on = ({ replicas }: Partition): string =>
      replicas.map(({ node, state }) => node + marks[state]).join(', ');
    return (await this.holding('Mice')).map((each) => `Mice on ${on(each)}`).join(' and ');
  }

  /** A query node; `before` each of its questions to the store others do something. */
  private driver(before?: () => Promise<void>, onChange?: () => void): Driver {
    const mortal = new Mortal(undefined, before, (name, answer) => {
      if (name === 'replacePlacement' && answer === true) onChange?.();
    });
    const store = mortal.reach(this.store);
    const { records } = store;
    const jobs = {
      settle: (tenant: string) => renewJob(records, SETTLE_REPLICAS, tenant),
      resume: (tenant: string) => requestJob(records, SETTLE_REPLICAS, tenant),
    };
    const { desk, nodes, mover } = openDesk(store, this.fleet, REPLICAS, { jobs });
    const awaited: AwaitedNodes = {
      awaitApplied: (...asked) =>
        mortal.ask('awaitApplied', () => this.shards.awaitApplied(...asked)),
      silentMs: () => 0,
    };
    const loads = new NodeLoads(() => []);
    const bounds = { partitionRows: 0, rangeRows: 1e6, maxPartitions: 20 };
    const ofGrower = { store, nodes, mover, loads, awaited, bounds, replicas: REPLICAS };
    const grower = new PartitionGrower(ofGrower);
    const placements = new PlacementCache(store);
    const kinds = new Map<string, JobKind>([
      [SETTLE_REPLICAS, settleReplicas({ store, placements, nodes: awaited })],
      [GROW_PARTITIONS, growPartitions({ store, grower, logger })],
    ]);
    const now = (): number => this.clockMs;
    const runner = new JobRunner({ records, kinds, logger, now });
    return { mortal, desk, runner };
  }

  /** The driver works on jobs until nothing is under way; shards that died come back. */
  private async untilOver({ runner }: Driver): Promise<void> {
    for (let tick = 0; tick < MAX_TICKS; tick++) {
      await this.shards.revive();
      if (await this.isOver()) return;
      this.clockMs += TICK_MS;
      await runner.tick();
      await runner.settled();
    }
    throw new Error(`it does not end: ${JSON.stringify(await this.partitions())}`);
  }

  private async isOver(): Promise<boolean> {
    const job = await this.store.records.get(JOB_KIND, jobId(SETTLE_REPLICAS, TENANT));
    return job === undefined && isSettled(await this.partitions());
  }

  /** Every product is found once on each node that serves it, as it was acknowledged, and nothing else is left. */
  async check(): Promise<void> {
    const partitions = await this.partitions();
    const mark = await this.store.head(TENANT);
    for (const { replicas } of partitions) expect(replicas).toHaveLength(REPLICAS);
    for (const name of NODES) {
      const held = heldBy(name, partitions);
      const awaited = { tenant: TENANT, mark, partitions: held };
      expect(await this.shards.awaitApplied(name, awaited, 10_000)).toBe(true);
    }
    const found = await Promise.all(partitions.map((each) => this.found(each)));
    const all = found.flat().sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
    expect(all).toEqual(bruteForce([...this.writer.acknowledged.values()], QUERY, PRODUCTS));
    await this.checkNothingLeft(partitions);
  }

  /** What each node finds that serves the partition, which is the same on all of them. */
  private async found(partition: Partition): Promise<{ id: string; score: number }[]> {
    const { counter } = await this.store.placement(TENANT);
    const replies = await Promise.all(
      groupOf(partition).asked.map(async (name) => {
        const { hits, refused } = await askNode(this.shards.node(name), {
          ...{ type: 'search', tenant: TENANT, counter, group: '', model: MODEL },
          partitions: encodePartitions([partition]),
          query: {
            ...{ vector: vectorBytes(unit(QUERY)), exact: true },
            views: [{ k: 10_000 }],
          },
          budgetMs: 10_000,
        });
        expect(refused).toEqual([]);
        return hits.ids.map((id, i) => ({ id, score: hits.scores.vector?.[i] as number }));
      }),
    );
    for (const reply of replies) expect(reply).toEqual(replies[0]);
    return replies[0] ?? [];
  }

  private async checkNothingLeft(partitions: readonly Partition[]): Promise<void> {
    const map = new PartitionMap({ partitions });
    const products = [...this.writer.acknowledged.values()];
    const rowsOn = (name: string): number =>
      products.filter(({ category, id }) => {
        const partition = map.of(category, hashId(id)) as Partition;
        return heldBy(name, [partition]).length === 1;
      }).length;
    const wanted = NODES.map((name) => {
      return { name, rows: rowsOn(name), isThere: heldBy(name, partitions).length > 0 };
    });
    const seen = () =>
      wanted.map(({ name, isThere }) => {
        const rows = this.shards.node(name).status().documents;
        const files = readdirSync(this.shards.folder(name)).length;
        return { name, rows, isThere: isThere || files > 0 };
      });
    await expect.poll(seen, { timeout: TIDY_MS, interval: 5 }).toEqual(wanted);
  }
}

function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}
