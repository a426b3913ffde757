import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue, type FairQueueOptions, type Turn } from '../../src/core/fair-queue.js';

/** A queue on a clock that only works move, and the order in which works ended. */
function queueOnClock(options: Partial<FairQueueOptions> = {}) {
  const clock = { ms: 0 };
  const done: string[] = [];
  const queue = new FairQueue({
    what: 'works',
    concurrency: 1,
    maxWaiting: 1_000,
    maxWaitingOfTenant: 1_000,
    now: () => clock.ms,
    ...options,
  });
  /** A work of so many slices of so many milliseconds each. */
  const work =
    (name: string, slices: number, sliceMs: number) =>
    async (turn: Turn): Promise<string> => {
      for (let i = 0; i < slices; i++) {
        if (i > 0) await turn.yield();
        clock.ms += sliceMs;
      }
      done.push(name);
      return name;
    };
  return { clock, done, queue, work };
}

/** Holds the only place until it is called. */
function hold(queue: FairQueue, tenant = 'holder'): { release: () => void; held: Promise<void> } {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  return { release, held: queue.run(tenant, () => gate) };
}

test('who has used least is served first: one search of B does not wait behind twenty of A', async () => {
  const { queue, done, work } = queueOnClock();
  const { release, held } = hold(queue);
  const runs = Array.from({ length: 20 }, (_, i) => queue.run('a', work(`a${i}`, 1, 10)));
  runs.push(queue.run('b', work('b', 1, 1)));
  release();
  await Promise.all([held, ...runs]);
  expect(done.indexOf('b')).toBeLessThanOrEqual(1);
  expect(done.filter((name) => name !== 'b')).toEqual(
    Array.from({ length: 20 }, (_, i) => `a${i}`),
  );
});

test('the one that waits longest is found behind one that gave its turn away', async () => {
  const { queue, clock, work } = queueOnClock();
  let oldestMs = 0;
  const yielding = queue.run('a', async (turn) => {
    await Promise.resolve();
    clock.ms += 20;
    const again = turn.yield();
    clock.ms += 5;
    oldestMs = queue.oldestMs;
    await again;
  });
  await Promise.all([yielding, queue.run('a', work('waits', 1, 1))]);
  expect(oldestMs).toBe(25);
});

test('what a tenant that comes back has at its credit is done before others go on, and not again and again', async () => {
  const { queue, done, work } = queueOnClock({ creditMs: 20 });
  const flood = Array.from({ length: 40 }, (_, i) => queue.run('a', work(`a${i}`, 1, 5)));
  await flood[9];
  await queue.run('b', work('b-within', 5, 4));
  const before = done.indexOf('b-within');
  expect(before).toBeLessThanOrEqual(12);
  const again = queue.run('b', work('b-beyond', 5, 4));
  await Promise.all([...flood, again]);
  // Its credit is used up: from now on it has every other turn.
  expect(done.indexOf('b-beyond') - before).toBeGreaterThan(3);
});

test('others are served between the slices of a long work, which then goes on before later ones of its tenant', async () => {
  const { queue, done, work } = queueOnClock();
  const long = queue.run('a', work('a-long', 10, 8));
  const runs = [
    queue.run('a', work('a-next', 1, 1)),
    queue.run('b', work('b1', 1, 1)),
    queue.run('b', work('b2', 1, 1)),
  ];
  await Promise.all([long, ...runs]);
  expect(done).toEqual(['b1', 'b2', 'a-long', 'a-next']);
});

test('invariant 12: short works in a row leave the event loop its turns, and who comes then is served', async () => {
  const { queue, done, work } = queueOnClock();
  const short = Array.from({ length: 100 }, (_, i) => queue.run('A', work(`a${i}`, 1, 1)));
  // What a socket would bring: heard between two turns of the loop.
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(done.length).toBeLessThanOrEqual(10);
  await queue.run('B', work('b', 1, 1));
  expect(done.indexOf('b')).toBeLessThanOrEqual(15);
  await Promise.all(short);
  expect(done).toHaveLength(101);
});

test('a work that yields goes on at once where it has used least', async () => {
  const { queue, done, work } = queueOnClock();
  const heavy = queue.run('a', work('a', 20, 8));
  await Promise.all([heavy, queue.run('b', work('b', 3, 2))]);
  expect(done).toEqual(['b', 'a']);
});

test('one that comes back is owed nothing for the time it was away', async () => {
  const { queue, done, work } = queueOnClock();
  await queue.run('b', work('b0', 1, 1));
  const { release, held } = hold(queue, 'a');
  const runs = Array.from({ length: 8 }, (_, i) => queue.run('a', work(`a${i}`, 1, 10)));
  release();
  await held;
  for (let i = 0; i < 8; i++) runs.push(queue.run('b', work(`b${i}`, 1, 10)));
  await Promise.all(runs);
  // By turns from where it came in, not all of its own first.
  const last = done.slice(-8);
  expect(last.some((name) => name.startsWith('a'))).toBe(true);
  expect(last.some((name) => name.startsWith('b'))).toBe(true);
});

test('invariant 8: past its bounds, of a tenant and in all, the queue refuses at once', async () => {
  const { queue, work, done } = queueOnClock({ maxWaiting: 3, maxWaitingOfTenant: 2 });
  const { release, held } = hold(queue);
  const runs = [queue.run('a', work('a1', 1, 1)), queue.run('a', work('a2', 1, 1))];
  const refused = { code: 'overloaded', retryAfterMs: 1_000 };
  await expect(queue.run('a', work('a3', 1, 1))).rejects.toMatchObject(refused);
  runs.push(queue.run('b', work('b1', 1, 1)));
  await expect(queue.run('c', work('c1', 1, 1))).rejects.toMatchObject(refused);
  expect(queue.waitingCount).toBe(3);
  release();
  await Promise.all([held, ...runs]);
  expect(done.sort()).toEqual(['a1', 'a2', 'b1']);
});

test('what was aborted while it waited is not started, and gives its place in the queue back', async () => {
  const { queue, work, done } = queueOnClock({ maxWaiting: 1, maxWaitingOfTenant: 1 });
  const { release, held } = hold(queue);
  const caller = new AbortController();
  const waiting = queue.run('a', work('gone', 1, 1), { signal: caller.signal });
  caller.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(queue.run('a', work('gone', 1, 1), { signal: caller.signal })).rejects.toThrow();
  const next = queue.run('a', work('next', 1, 1));
  release();
  await Promise.all([held, next]);
  expect(done).toEqual(['next']);
});

test('a work that fails gives its place on, and drained waits for all', async () => {
  const { queue, work, done } = queueOnClock();
  const failing = queue.run('a', async () => {
    await Promise.resolve();
    throw new Error('failed');
  });
  const next = queue.run('a', work('next', 2, 1));
  const drained = queue.drained().then(() => done.push('drained'));
  await expect(failing).rejects.toThrow('failed');
  await Promise.all([next, drained]);
  expect(done).toEqual(['next', 'drained']);
  expect([queue.waitingCount, queue.runningCount]).toEqual([0, 0]);
});

test('places: a work of several waits until they are free, and never more run than there are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          tenant: fc.constantFrom('a', 'b', 'c'),
          places: fc.integer({ min: 1, max: 5 }),
          slices: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 30 },
      ),
      async (works) => {
        const { queue } = queueOnClock({ concurrency: 3 });
        const order = new Map<string, number[]>();
        let taken = 0;
        const runs = works.map(({ tenant, places, slices }, i) =>
          queue.run(
            tenant,
            async (turn) => {
              const own = Math.min(places, 3);
              const started = order.get(tenant) ?? [];
              order.set(tenant, [...started, i]);
              for (let slice = 0; slice < slices; slice++) {
                taken += own;
                expect(taken).toBeLessThanOrEqual(3);
                await Promise.resolve();
                taken -= own;
                await turn.yield();
              }
            },
            { places },
          ),
        );
        await Promise.all(runs);
        await queue.drained();
        // Works of one tenant begin in the order in which they came.
        for (const begun of order.values()) expect(begun).toEqual([...begun].sort((a, b) => a - b));
        expect(queue.runningCount).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

test('names that come once are forgotten though the queue is never idle, who used much lately is not', async () => {
  const { queue, done, work } = queueOnClock({ concurrency: 2, concurrencyOfTenant: 2 });
  const { release, held } = hold(queue);
  for (let i = 0; i < 3_000; i++) await queue.run(`name${i}`, work('once', 1, 1));
  await queue.run('greedy', work('greedy', 1, 500));
  const known = Reflect.get(queue, 'tenants') as Map<string, unknown>;
  expect(known.size).toBeLessThanOrEqual(1_001);
  // It still pays for that: another that came later goes first.
  done.length = 0;
  const other = hold(queue, 'other');
  const waiting = [queue.run('greedy', work('greedy', 1, 1)), queue.run('b', work('b', 1, 1))];
  other.release();
  await Promise.all([...waiting, other.held]);
  expect(done).toEqual(['b', 'greedy']);
  release();
  await held;
});

test('while both wait, each is served by its weight, whatever its works take', async () => {
  const weight = fc.integer({ min: 1, max: 8 });
  const slice = fc.integer({ min: 1, max: 7 });
  await fc.assert(
    fc.asyncProperty(weight, weight, slice, slice, async (ofA, ofB, msA, msB) => {
      const { queue, clock } = queueOnClock();
      const served = { a: 0, b: 0 };
      const { release, held } = hold(queue);
      const works = 400;
      const left = { a: works, b: works };
      let atEnd: typeof served | undefined;
      const run = (tenant: 'a' | 'b', share: number, ms: number): Promise<void>[] =>
        Array.from({ length: works }, () =>
          queue.run(
            tenant,
            () => {
              clock.ms += ms;
              served[tenant] += ms;
              left[tenant] -= 1;
              // From now on one of them waits for nobody.
              if (left[tenant] === 0) atEnd ??= { ...served };
            },
            { weight: share },
          ),
        );
      const runs = [...run('a', ofA, msA), ...run('b', ofB, msB)];
      release();
      await Promise.all([held, ...runs]);
      const { a, b } = atEnd ?? served;
      // By one work of either.
      expect(Math.abs(a / ofA - b / ofB)).toBeLessThanOrEqual(msA / ofA + msB / ofB);
    }),
    { numRuns: 20 },
  );
});
