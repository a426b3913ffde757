import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { requestJob, renewJob, type JobKind } from '../../src/jobs/job.js';
import { replaceNodes } from '../../src/jobs/replace-nodes.js';
import { SETTLE_REPLICAS, settleReplicas } from '../../src/jobs/settle-replicas.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { Placer } from '../../src/placement/placer.js';
import type { Store } from '../../src/store/store.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';
import { place } from '../store/place.js';
import { openDesk, partition, placed, statusOf, ToldFleet } from './desk-fixture.js';

const logger = createLogger('silent', 'test');
let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
let store: Store;
let fleet: ToldFleet;
beforeEach(async () => {
  fixture = await makeLmdbStore();
  ({ store } = fixture);
  fleet = new ToldFleet('s1', 's2', 's3');
});
afterEach(async () => fixture.close());

describe('draining a node', () => {
  test('moves what is there and nothing else, and nothing is placed there any more', async () => {
    const pinned = { ...partition('c', 's1'), isPinned: true } as const;
    await place(store, 't', [partition('a', 's1'), partition('b', 's2'), pinned]);
    await place(store, 'u', [partition('a', 's1', 's2'), partition('b', 's3')]);
    const { desk, settled, nodes } = openDesk(store, fleet);
    const planned = await desk.plan('s1');
    const { plan, left } = await desk.drain('s1');
    expect(plan.moves).toEqual(planned.moves);
    expect(left).toEqual({ partitions: 3, rows: 0 });
    expect(await placed(store, 'u')).toEqual({ a: 's2, s3 building, s1 leaving', b: 's3' });
    const { a, b, c } = await placed(store);
    expect(b).toBe('s2');
    for (const text of [a, c]) expect(text).toMatch(/^s[23] building, s1 leaving$/);
    expect(new Set(settled)).toEqual(new Set(['t', 'u']));

    const loads = new NodeLoads(() => ['s1', 's2', 's3'].map((node) => ({ node, rows: 0 })));
    const options = { loads, minShards: 3, maxPartitions: 100, replicas: 1, partitionRows: 0 };
    const placer = new Placer(store, new PlacementCache(store), {
      ...options,
      nodes: () => nodes.placeable(),
    });
    await placer.ensure('v', new Map(['a', 'b', 'c', 'd'].map((category) => [category, 1])));
    expect(new Set(Object.values(await placed(store, 'v')))).toEqual(new Set(['s2', 's3']));
  });

  test('the last one, an unknown one, or the last that lives is refused', async () => {
    const { desk } = openDesk(store, fleet);
    await expect(desk.drain('s9')).rejects.toMatchObject({ code: 'not_found', field: 'name' });
    await expect(desk.plan('s9')).rejects.toMatchObject({ code: 'not_found' });
    await expect(desk.undrain('s9')).rejects.toMatchObject({ code: 'not_found' });
    await desk.drain('s1');
    fleet.silent.set('s3', 5_000);
    await expect(desk.drain('s2')).rejects.toMatchObject({ code: 'conflict', field: 'name' });
    fleet.silent.delete('s3');
    await desk.drain('s2');
    await expect(desk.drain('s3')).rejects.toMatchObject({ code: 'conflict' });
    await desk.undrain('s1');
    await desk.undrain('s1');
    await desk.drain('s3');
  });

  test('two at once do not leave the cluster without a node', async () => {
    fleet = new ToldFleet('s1', 's2');
    const [one, other] = [openDesk(store, fleet), openDesk(store, fleet)];
    await Promise.allSettled([one.desk.drain('s1'), other.desk.drain('s2')]);
    expect((await one.drained.refresh()).size).toBeLessThan(2);
  });

  test('another process sees it within a second', async () => {
    const [one, other] = [openDesk(store, fleet), openDesk(store, fleet)];
    expect(await other.drained.isDrained('s1')).toBe(false);
    await one.desk.drain('s1');
    other.clock.ms += 1_000;
    expect(await other.drained.isDrained('s1')).toBe(true);
  });
});

describe('nodes that are away', () => {
  const reads = () => store.reads;

  test('while there are none no placement is read', async () => {
    await place(store, 't', [partition('a', 's1')]);
    const { away, drained, dedicated } = openDesk(store, fleet);
    await Promise.all([drained.names(), dedicated.all()]);
    const before = reads();
    expect(await away.check()).toBe(0);
    expect(reads()).toBe(before);
    fleet.silent.set('s1', 30_000);
    expect(await away.check()).toBe(0);
    expect(reads()).toBe(before);
  });

  test('what a dead node held is built elsewhere, also with one copy; what is pinned stays', async () => {
    const pinned = { ...partition('c', 's1'), isPinned: true } as const;
    await place(store, 't', [partition('a', 's1'), partition('b', 's1', 's2'), pinned]);
    const { away, settled } = openDesk(store, fleet);
    await away.check();
    fleet.silent.set('s1', 61_000);
    expect(await away.check()).toBe(2);
    const { a, b, c } = await placed(store);
    expect(a).toMatch(/^s[23] building$/);
    expect([b, c]).toEqual(['s2, s3 building', 's1']);
    expect(settled).toEqual(['t', 't']);
    expect(await away.check()).toBe(0);
  });

  test('where nobody can take it, it stays; and is not looked for again and again', async () => {
    fleet = new ToldFleet('s1', 's2');
    await place(store, 't', [partition('a', 's1', 's2')]);
    const { away, clock } = openDesk(store, fleet, 2);
    fleet.silent.set('s1', 61_000);
    expect(await away.check()).toBe(0);
    expect(await placed(store)).toEqual({ a: 's1, s2' });
    const before = reads();
    for (let i = 0; i < 5; i++) await away.check();
    // Which nodes are drained.
    expect(reads() - before).toBeLessThanOrEqual(5);
    clock.ms += 600_000;
    fleet.status.set('s3', statusOf());
    expect(await away.check()).toBe(1);
    expect(await placed(store)).toEqual({ a: 's2, s3 building' });
  });

  test('nothing moves when no node lives', async () => {
    await place(store, 't', [partition('a', 's1')]);
    const { away } = openDesk(store, fleet);
    for (const name of ['s1', 's2', 's3']) fleet.silent.set(name, 100_000);
    expect(await away.check()).toBe(0);
    expect(await placed(store)).toEqual({ a: 's1' });
  });

  test('what was placed on a node while it was being drained follows', async () => {
    const { away, desk } = openDesk(store, fleet);
    await desk.drain('s1');
    await place(store, 't', [partition('a', 's1')]);
    fleet.status.set('s1', statusOf({ partitions: 0 }));
    expect(await away.check()).toBe(0);
    fleet.status.set('s1', statusOf({ partitions: 1 }));
    expect(await away.check()).toBe(1);
    expect((await placed(store))['a']).toMatch(/^s[23] building, s1 leaving$/);
  });

  test('the job moves, and the one that settles replicas ends it', async () => {
    await place(store, 't', [partition('a', 's1', 's2')]);
    const { away } = openDesk(store, fleet, 2);
    let nowMs = 0;
    const placements = new PlacementCache(store);
    const nodes = { awaitApplied: async () => true, silentMs: () => 0 };
    const kinds = new Map<string, JobKind>([
      ['replace', replaceNodes({ away, logger })],
      [SETTLE_REPLICAS, settleReplicas({ store, placements, nodes })],
    ]);
    const runner = new JobRunner({ records: store.records, kinds, logger, now: () => nowMs });
    fleet.silent.set('s1', 61_000);
    for (let i = 0; i < 3; i++) {
      await runner.tick();
      nowMs += 30_000;
      await runner.settled();
    }
    await requestJob(store.records, SETTLE_REPLICAS, 't');
    await runner.tick();
    await runner.settled();
    expect(await placed(store)).toEqual({ a: 's2, s3' });
    await runner.close();
  });
});

describe('a job that is asked for anew', () => {
  test('begins again where it was being worked on, since what it saw may be older', async () => {
    let begun = 0;
    let end: () => void = () => undefined;
    const kind: JobKind = {
      run: async () => {
        begun += 1;
        if (begun === 1) await new Promise<void>((resolve) => (end = resolve));
      },
    };
    const kinds = new Map([['k', kind]]);
    const runner = new JobRunner({ records: store.records, kinds, logger, now: () => 0 });
    await renewJob(store.records, 'k', 't');
    await renewJob(store.records, 'k', 't');
    await runner.tick();
    expect(begun).toBe(1);
    await renewJob(store.records, 'k', 't');
    end();
    await runner.settled();
    await runner.tick();
    await runner.settled();
    expect(begun).toBe(2);
    expect(await store.records.get('job', 'k:t')).toBeUndefined();
    await runner.close();
  });
});
