import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/core/logger.js';
import type { JsonValue } from '../../src/core/product.js';
import type { Job, JobKind, JobWork } from '../../src/jobs/job.js';
import { JobRunner, LEASE_MS } from '../../src/jobs/job-runner.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const TICK_MS = 2_000;
const EVERY_MS = 60_000;
const logger = createLogger('silent', 'test');
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One run of a job, ended by the test, by an abort, or never when its node was killed. */
interface Run {
  node: number;
  work: JobWork;
  finish(): void;
  fail(error: Error): void;
}

/** Runners of one cluster on one virtual clock. */
class Cluster {
  readonly records = new MemoryRecords();
  readonly runs: Run[] = [];
  begun = 0;
  mostAtOnce = 0;
  readonly kinds: Map<string, JobKind>;
  private readonly nodes = new Map<number, { runner: JobRunner; clock: { ms: number } }>();
  private nextNode = 0;

  constructor(everyMs: number | null = EVERY_MS) {
    const kind = everyMs === null ? {} : { everyMs };
    // Replaced by each node's own, which knows its name.
    this.kinds = new Map([['k', { ...kind, run: async () => undefined }]]);
  }

  add(): number {
    const node = this.nextNode++;
    // Monotonic clocks of different machines have nothing to do with each other.
    const clock = { ms: node * 1_234_567 };
    const kinds = new Map(
      [...this.kinds].map(([name, kind]) => [
        name,
        { ...kind, run: (work: JobWork) => this.run(node, work) },
      ]),
    );
    const { records } = this;
    const runner = new JobRunner({ records, kinds, logger, now: () => clock.ms });
    this.nodes.set(node, { runner, clock });
    return node;
  }

  kill(node: number): void {
    this.nodes.delete(node);
    for (const run of this.of(node)) this.runs.splice(this.runs.indexOf(run), 1);
  }

  runner(node: number): JobRunner {
    return this.nodes.get(node)!.runner;
  }

  get live(): number[] {
    return [...this.nodes.keys()];
  }

  of(node: number): Run[] {
    return this.runs.filter((run) => run.node === node);
  }

  /** A tick everywhere, at the same time; nodes named in `stalled` have none. */
  async tick(stalled: readonly number[] = []): Promise<void> {
    await Promise.all(
      [...this.nodes].map(async ([node, { runner, clock }]) => {
        clock.ms += TICK_MS;
        if (!stalled.includes(node)) await runner.tick();
      }),
    );
    await turn();
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) await this.tick();
  }

  async job(id: string): Promise<Job | undefined> {
    return (await this.records.get('job', id))?.value as unknown as Job | undefined;
  }

  private run(node: number, work: JobWork): Promise<void> {
    this.begun += 1;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => () => {
        const at = this.runs.indexOf(run);
        if (at !== -1) this.runs.splice(at, 1);
        settle();
      };
      const run: Run = {
        node,
        work,
        finish: end(resolve),
        fail: (error) => end(() => reject(error))(),
      };
      work.signal.addEventListener(
        'abort',
        end(() => reject(new Error('aborted'))),
      );
      this.runs.push(run);
      this.mostAtOnce = Math.max(this.mostAtOnce, this.runs.length);
    });
  }
}

test('however many runners there are, one of them does a job, once an interval', async () => {
  const cluster = new Cluster();
  for (let i = 0; i < 5; i++) cluster.add();
  for (let round = 1; round <= 4; round++) {
    await cluster.pass(EVERY_MS + 3 * TICK_MS);
    expect([cluster.begun, cluster.runs.length]).toEqual([round, 1]);
    cluster.runs[0]!.finish();
    await turn();
  }
  expect(cluster.mostAtOnce).toBe(1);
});

test('work that takes longer than its interval, and than a lease, never overlaps', async () => {
  const cluster = new Cluster();
  for (let i = 0; i < 4; i++) cluster.add();
  await cluster.pass(20 * (EVERY_MS + LEASE_MS));
  expect(cluster.begun).toBe(1);
  cluster.runs[0]!.finish();
  await turn();
  await cluster.pass(EVERY_MS + 3 * TICK_MS);
  expect(cluster.begun).toBe(2);
  expect(cluster.mostAtOnce).toBe(1);
});

test('the job of a killed owner goes on elsewhere, from where it was', async () => {
  const cluster = new Cluster();
  cluster.add();
  await cluster.pass(EVERY_MS + 2 * TICK_MS);
  const [run] = cluster.runs;
  await run!.work.save('half way');
  cluster.add();
  await cluster.pass(LEASE_MS);
  expect(cluster.begun).toBe(1);
  cluster.kill(0);
  await cluster.pass(LEASE_MS + 2 * TICK_MS);
  expect(cluster.begun).toBe(2);
  expect(cluster.runs).toMatchObject([{ node: 1, work: { checkpoint: 'half way' } }]);
});

test('an owner that stood still learns that the job is another’s, and ends', async () => {
  const cluster = new Cluster();
  cluster.add();
  await cluster.pass(EVERY_MS + 2 * TICK_MS);
  const lost = cluster.runs[0]!;
  cluster.add();
  for (let passed = 0; passed <= LEASE_MS + 2 * TICK_MS; passed += TICK_MS) await cluster.tick([0]);
  expect(cluster.begun).toBe(2);
  await expect(lost.work.save('late')).rejects.toMatchObject({ code: 'unavailable' });
  await cluster.tick();
  expect(lost.work.signal.aborted).toBe(true);
  expect(cluster.runs.map(({ node }) => node)).toEqual([1]);
  expect((await cluster.job('k:all'))?.checkpoint).toBe(null);
});

test('a node that stops leaves its job to others at once', async () => {
  const cluster = new Cluster();
  cluster.add();
  cluster.add();
  await cluster.pass(EVERY_MS + 3 * TICK_MS);
  const [{ node, work } = { node: -1, work: undefined }] = cluster.runs;
  await work?.save(7);
  await cluster.runner(node).close();
  cluster.kill(node);
  await cluster.pass(2 * TICK_MS);
  expect(cluster.runs).toMatchObject([{ work: { checkpoint: 7 } }]);
});

test('a job that is asked for is done once, and goes; asked for twice it is one', async () => {
  const cluster = new Cluster(null);
  for (let i = 0; i < 3; i++) cluster.add();
  await Promise.all(cluster.live.map((node) => cluster.runner(node).request('k', 'shop')));
  await cluster.tick();
  expect(cluster.runs).toMatchObject([{ work: { key: 'shop', checkpoint: null } }]);
  cluster.runs[0]!.finish();
  await turn();
  expect(await cluster.job('k:shop')).toBeUndefined();
  await cluster.pass(EVERY_MS);
  expect(cluster.begun).toBe(1);
});

test('what fails says why, and is tried again later and later, from its checkpoint', async () => {
  const cluster = new Cluster(null);
  cluster.add();
  await cluster.runner(0).request('k', 'shop');
  const pauses: number[] = [];
  for (let failure = 1; failure <= 3; failure++) {
    let ticks = 0;
    for (; cluster.runs.length === 0; ticks++) await cluster.tick();
    pauses.push(ticks);
    await cluster.runs[0]!.work.save(failure);
    cluster.runs[0]!.fail(new Error('no disk'));
    await turn();
    expect(await cluster.job('k:shop')).toMatchObject({
      ...{ state: 'waiting', failures: failure, checkpoint: failure, lease: null },
      error: 'no disk',
    });
  }
  expect(pauses[2]).toBeGreaterThan(pauses[1] ?? 0);
});

describe('property', () => {
  test('whoever is killed or joins, whatever fails: one runs at a time, and the work goes on', async () => {
    const event = fc.record({
      kind: fc.constantFrom(
        'pass',
        'pass',
        'pass',
        'kill',
        'join',
        'finish',
        'fail',
        'save',
        'stop',
      ),
      of: fc.nat({ max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 80 }), async (events) => {
        const cluster = new Cluster();
        cluster.add();
        cluster.add();
        let saved: JsonValue = null;
        let seen = 0;
        const check = () => {
          expect(cluster.runs.length).toBeLessThanOrEqual(1);
          if (cluster.begun > seen) {
            // What was saved is not done again by the next owner.
            if (cluster.runs.length === 1) expect(cluster.runs[0]!.work.checkpoint).toBe(saved);
            seen = cluster.begun;
          }
        };
        for (const { kind, of } of events) {
          const node = cluster.live[of % cluster.live.length] ?? 0;
          const [run] = cluster.runs;
          if (kind === 'pass') for (let i = 0; i <= of; i++) await cluster.tick();
          else if (kind === 'join') cluster.add();
          else if (kind === 'kill' && cluster.live.length > 1) cluster.kill(node);
          else if (kind === 'stop' && cluster.live.length > 1) {
            await cluster.runner(node).close();
            cluster.kill(node);
          } else if (kind === 'finish' && run !== undefined) {
            run.finish();
            saved = null;
          } else if (kind === 'fail' && run !== undefined) run.fail(new Error('x'));
          else if (kind === 'save' && run !== undefined) {
            await run.work.save(of);
            saved = of;
          }
          await turn();
          check();
        }
        const before = cluster.begun;
        cluster.runs[0]?.finish();
        await turn();
        await cluster.pass(3_700_000);
        expect(cluster.begun).toBeGreaterThan(before);
        expect(cluster.mostAtOnce).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });
});
