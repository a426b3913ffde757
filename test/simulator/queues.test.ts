import { describe, expect, it } from 'vitest';
import { Random } from '../../bench/lib/random.js';
import { poissonArrivals } from '../../bench/load/arrivals.js';
import { EventClock } from '../../bench/simulator/event-clock.js';
import { EventLoop } from '../../bench/simulator/event-loop.js';
import { Host } from '../../bench/simulator/host.js';

const HOUR_MS = 3_600_000;

/** Mean time from arrival to end, in times of a mean service of 1 ms, at this rate a millisecond. */
async function meanTimeMs(
  load: number,
  serviceMs: (random: Random) => number,
  begin: (clock: EventClock) => (cpuMs: number, done: () => void) => unknown,
): Promise<number> {
  const clock = new EventClock();
  const work = begin(clock);
  const random = new Random(3, 'service');
  let [sumMs, count] = [0, 0];
  for (const atMs of poissonArrivals(load * 1_000, 60_000, new Random(3, 'arrivals'))) {
    clock.after(atMs, () => {
      work(serviceMs(random), () => {
        sumMs += clock.now() - atMs;
        count += 1;
      });
    });
  }
  await clock.run(HOUR_MS);
  return sumMs / count;
}

const exponential = (random: Random): number => -Math.log(1 - random.next());

const oneLoop = (clock: EventClock) => {
  const loop = new EventLoop(new Host(clock, 1));
  return (cpuMs: number, done: () => void) => loop.do(cpuMs, done);
};

describe('a process', () => {
  it('has searches wait as an M/M/1 queue does: 1 / (1 - load)', async () => {
    expect(await meanTimeMs(0.5, exponential, oneLoop)).toBeCloseTo(2, 0.7);
    const busyMs = await meanTimeMs(0.8, exponential, oneLoop);
    expect(Math.abs(busyMs - 5)).toBeLessThan(0.5);
  });

  it('has them wait half as long where all take the same (M/D/1)', async () => {
    const ms = await meanTimeMs(0.8, () => 1, oneLoop);
    expect(Math.abs(ms - 3)).toBeLessThan(0.2);
  });
});

describe('a host', () => {
  it('shares its cores evenly, so that the mean does not depend on what service times there are (M/G/1-PS)', async () => {
    const host = (clock: EventClock) => {
      const one = new Host(clock, 1);
      return (cpuMs: number, done: () => void) => one.work(cpuMs, done);
    };
    for (const service of [exponential, () => 1]) {
      expect(Math.abs((await meanTimeMs(0.6, service, host)) - 2.5)).toBeLessThan(0.2);
    }
  });

  it('gives each a core while there are enough', async () => {
    const clock = new EventClock();
    const host = new Host(clock, 2);
    const ended: number[] = [];
    for (let i = 0; i < 2; i++) host.work(10, () => ended.push(clock.now()));
    await clock.run(5);
    host.work(10, () => ended.push(clock.now()));
    await clock.run(100);
    // Three on two cores for 7.5 ms, then one by itself.
    expect(ended).toEqual([12.5, 12.5, 17.5].map((ms) => expect.closeTo(ms, 6) as number));
  });
});

describe('what is done to a process', () => {
  it('that hangs is gone on with where it stood', async () => {
    const clock = new EventClock();
    const loop = new EventLoop(new Host(clock, 1));
    const ended: number[] = [];
    loop.do(10, () => ended.push(clock.now()));
    loop.do(1, () => ended.push(clock.now()));
    clock.after(4, () => loop.hang());
    clock.after(100, () => loop.goOn());
    await clock.run(1_000);
    expect(ended).toEqual([106, 107]);
    expect(loop.busyMs).toBeCloseTo(11, 6);
  });

  it('that is killed is never ended, and one that starts has nothing to do', async () => {
    const clock = new EventClock();
    const loop = new EventLoop(new Host(clock, 1));
    const ended: string[] = [];
    loop.do(10, () => ended.push('lost'));
    await clock.run(5);
    loop.kill();
    loop.do(1, () => ended.push('refused'));
    loop.start();
    loop.do(1, () => ended.push('new'));
    await clock.run(100);
    expect(ended).toEqual(['new']);
  });

  it('that is slow takes so many times longer', async () => {
    const clock = new EventClock();
    const loop = new EventLoop(new Host(clock, 1));
    loop.slowness = 3;
    let endedMs = 0;
    loop.do(2, () => (endedMs = clock.now()));
    await clock.run(100);
    expect(endedMs).toBe(6);
  });
});
