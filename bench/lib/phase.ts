import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from '../load/arrivals.js';
import type { PacedClock } from '../load/clock.js';
import { runOpenLoop } from '../load/open-loop.js';
import type { LoadResult } from '../load/tally.js';
import type { BenchRun } from './bench.js';
import type { FlagSpecs } from './flags.js';
import { Random } from './random.js';
import { SearchTally } from './search.js';
import { askText, type Shop } from './shop.js';

const MAX_IN_FLIGHT = 512;
const DRAIN_MS = 5_000;
/** Into a phase, before anything is done to a process. */
const LEAD_MS = 1_000;

export type Measured = LoadResult & ReturnType<SearchTally['result']> & { name: string };

export interface PhaseLoad {
  name: string;
  durationMs: number;
  /** Searches a second, open loop. */
  rate: number;
  /** Share of queries never asked before. */
  unseen: number;
}

/** Searches at a steady rate, and what `during` does a second into it. */
export async function measurePhase(
  run: BenchRun<FlagSpecs & { seed: { default: number; help: string } }>,
  shop: Shop,
  clock: PacedClock,
  { name, durationMs, rate, unseen }: PhaseLoad,
  during: () => Promise<unknown>,
): Promise<Measured> {
  const tally = new SearchTally();
  const result = await run.measure(name, async () => {
    const load = runOpenLoop({
      clock,
      arrivals: poissonArrivals(rate, durationMs, new Random(run.flags.seed, name)),
      ...{ warmupMs: 0, durationMs, maxInFlight: MAX_IN_FLIGHT, drainMs: DRAIN_MS },
      send: () => askText(shop.client, shop.traffic.next(unseen)),
      onReply: tally.onReply,
    });
    await sleep(LEAD_MS);
    await during();
    return load;
  });
  return { name, ...result, ...tally.result() };
}

/** A phase as a line of a table. */
export function phaseRow({ name, intended, succeeded, partial_replies, latency }: Measured) {
  return {
    phase: name,
    sent: intended,
    failed: intended - succeeded,
    incomplete: partial_replies,
    'p50 ms': latency.p50_ms,
    'p99 ms': latency.p99_ms,
    'max ms': latency.max_ms,
  };
}

/** A phase as figures of a report. */
export function phaseFigures({ name, latency, intended, succeeded, partial_replies }: Measured) {
  return [
    { name: `${name}: p99`, value: latency.p99_ms, unit: 'ms' },
    { name: `${name}: failed`, value: intended - succeeded, unit: '' },
    { name: `${name}: incomplete`, value: partial_replies, unit: '' },
  ];
}
