import { describe, expect, it } from 'vitest';
import { EventClock } from '../../bench/simulator/event-clock.js';

describe('the clock of events', () => {
  it('has them happen by time, those of one moment in the order in which they were set', async () => {
    const clock = new EventClock();
    const happened: string[] = [];
    for (const [name, atMs] of Object.entries({ c: 3, a: 1, b1: 2, b2: 2, d: 10 })) {
      clock.after(atMs, () => happened.push(`${name} at ${clock.now()}`));
    }
    await clock.run(5);
    expect(happened).toEqual(['a at 1', 'b1 at 2', 'b2 at 2', 'c at 3']);
    expect(clock.now()).toBe(5);
    await clock.run(20);
    expect(happened.at(-1)).toBe('d at 10');
  });

  it('keeps the order of a thousand at random', async () => {
    const clock = new EventClock();
    const at: number[] = [];
    for (let i = 0; i < 1_000; i++) clock.after((i * 7_919) % 1_009, () => at.push(clock.now()));
    await clock.run(2_000);
    expect(at).toHaveLength(1_000);
    expect(at).toEqual(at.toSorted((a, b) => a - b));
  });

  it('leaves out what was called off', async () => {
    const clock = new EventClock();
    const happened: number[] = [];
    const callOff = clock.after(1, () => happened.push(1));
    clock.after(2, () => happened.push(2));
    callOff();
    await clock.run(5);
    expect(happened).toEqual([2]);
  });

  it('does not go on before all promises that follow from an event are through', async () => {
    const clock = new EventClock();
    let steps = 0;
    clock.after(1, () => {
      const deep = async (left: number): Promise<void> => {
        await Promise.resolve();
        steps += 1;
        if (left > 1) await deep(left - 1);
      };
      void deep(100);
    });
    let seen = 0;
    clock.after(1, () => (seen = steps));
    await clock.run(1);
    expect(seen).toBe(100);
  });
});
