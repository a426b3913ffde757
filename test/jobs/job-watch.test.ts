import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestJob, waitingJob, type Job } from '../../src/jobs/job.js';
import { JobWatch } from '../../src/jobs/job-watch.js';
import type { JsonObject } from '../../src/core/product.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';

let fixture: Awaited<ReturnType<typeof makeLmdbStore>>;
beforeEach(async () => {
  fixture = await makeLmdbStore();
});
afterEach(async () => fixture.close());

test('jobs are told without a runner, and how long each has been due since it was seen', async () => {
  const { records } = fixture.store;
  const clock = { ms: 0 };
  const watch = new JobWatch(records, () => clock.ms);
  expect(await watch.look()).toEqual(new Map());
  await requestJob(records, 'import', 'a');
  await requestJob(records, 'sweep', 'all', 60_000);
  const lease = { owner: 'other', counter: 3 };
  const running: Job = { ...waitingJob('import', 'b', 0), state: 'running', lease };
  await records.put('job', 'import:b', running as unknown as JsonObject, 0);
  expect(await watch.look()).toEqual(new Map());
  clock.ms = 5_000;
  await watch.look();
  clock.ms = 12_000;
  const seen = await watch.look();
  expect(seen?.get('import')).toMatchObject({ waiting: 1, active: 1, oldestMs: 7_000 });
  expect(seen?.get('sweep')).toMatchObject({ scheduled: 1, waiting: 0 });
  clock.ms = 70_000;
  expect((await watch.look())?.get('sweep')).toMatchObject({ scheduled: 0, waiting: 1 });
});

test('a store that fails is nothing that is known, and no failure', async () => {
  const failing = { list: () => Promise.reject(new Error('away')) };
  const watch = new JobWatch({ ...fixture.store.records, ...failing });
  expect(await watch.look()).toBeUndefined();
});
