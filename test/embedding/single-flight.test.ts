import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../src/embedding/single-flight.js';

function flight(cancellable = true): {
  result: Promise<number>;
  cancel: () => boolean;
  finish: (value: number) => void;
  cancelled: () => number;
} {
  let finish: (value: number) => void = () => undefined;
  let cancelled = 0;
  const result = new Promise<number>((resolve) => (finish = resolve));
  const cancel = (): boolean => {
    cancelled++;
    return cancellable;
  };
  return { result, cancel, finish: (value) => finish(value), cancelled: () => cancelled };
}

describe('a single flight', () => {
  it('gives all who wait the one result, and is then forgotten', async () => {
    const flights = new SingleFlight<number>();
    const work = flight();
    flights.start('key', work);
    const joined = [flights.join('key'), flights.join('key'), flights.join('key')];
    work.finish(7);
    expect(await Promise.all(joined.map(async ({ result }) => result))).toEqual([7, 7, 7]);
    for (const { leave } of joined) leave();
    expect(flights.has('key')).toBe(false);
    expect(work.cancelled()).toBe(0);
  });

  it('is given up when the last one has left, not before', () => {
    const flights = new SingleFlight<number>();
    const work = flight();
    flights.start('key', work);
    const [one, two] = [flights.join('key'), flights.join('key')];
    one.leave();
    expect(work.cancelled()).toBe(0);
    expect(flights.has('key')).toBe(true);
    two.leave();
    expect(work.cancelled()).toBe(1);
    expect(flights.has('key')).toBe(false);
  });

  it('can be joined again when it was too late to give it up', async () => {
    const flights = new SingleFlight<number>();
    const work = flight(false);
    flights.start('key', work);
    flights.join('key').leave();
    const again = flights.join('key');
    work.finish(3);
    expect(await again.result).toBe(3);
  });

  it('is forgotten when it fails', async () => {
    const flights = new SingleFlight<number>();
    flights.start('key', { result: Promise.reject(new Error('no')), cancel: () => false });
    const { result } = flights.join('key');
    await expect(result).rejects.toThrow('no');
    expect(flights.has('key')).toBe(false);
  });
});
