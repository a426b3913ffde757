import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ThisMachine } from '../../src/cli/autoscale/this-machine.js';
import { preciseCpuMs, waitedForCpuMs } from '../lib/processes.js';
import type { JsonClient } from '../lib/client.js';
import { median } from '../lib/median.js';
import { Random } from '../lib/random.js';
import type { Shop } from '../lib/shop.js';
import { poissonArrivals } from '../load/arrivals.js';
import type { PacedClock } from '../load/clock.js';
import { runOpenLoop } from '../load/open-loop.js';
import { explainedSearch, TimesMeter, timesOf } from '../simulator/measure-times.js';
import type { Machine } from './stepped-model.js';

export interface MeasureSpec {
  client: JsonClient;
  machine: ThisMachine;
  clock: PacedClock;
  /** Searches a second, as many as one node is to have. */
  perSecond: number;
  forMs: number;
  /** Shards that hold different rows. */
  parts: number;
  seed: number;
}

const STARTS = 3;
/** A node is warm after so many. */
const COLD_SEARCHES = 100;
const LEAST_SEARCHES = 20;
const IDLE_MS = 2_000;
const POLL_MS = 20;
const START_LIMIT_MS = 60_000;

/**
 * Measures, with one query node: what searches take one at a time, what who asks takes for each, and what a further node
 * takes to start.
 */
export async function measureMachine(shop: Shop, spec: MeasureSpec): Promise<Machine> {
  const { client, machine, perSecond, forMs } = spec;
  await becomes(machine, 1);
  // Cold processes and caches are not what is modelled.
  await load(shop, spec, 'warm-up');
  const idle = await ownCpuMs(() => sleep(IDLE_MS));
  const idleShare = idle.cpuMs / idle.tookMs;
  const busy = await ownCpuMs(() => load(shop, spec, 'client'));
  const clientMs = (busy.cpuMs - idleShare * busy.tookMs) / busy.result;
  const meter = new TimesMeter(client, () => shop.processes());
  const stretch = await meter.measure(forMs, 1_000 / perSecond, () => shop.traffic.next(0));
  if (stretch.searches.length < LEAST_SEARCHES) {
    throw new Error('too few searches were answered in time to tell what they take');
  }
  const rows = Math.round(shop.catalogue.products.length / spec.parts);
  const starts: Machine['start'][] = [];
  for (let i = 0; i < STARTS; i++) starts.push(await measureStart(machine));
  const cold = await measureCold(shop, spec);
  return {
    cold,
    cores: cpus().length - idleShare,
    clientMs: Math.max(0, clientMs),
    start: {
      cpuMs: median(starts.map(({ cpuMs }) => cpuMs)),
      waitMs: median(starts.map(({ waitMs }) => waitMs)),
    },
    times: timesOf([stretch], rows),
  };
}

/** Searches at the rate; resolves with how many. */
async function load(shop: Shop, spec: MeasureSpec, name: string): Promise<number> {
  const { client, clock, perSecond, forMs, seed } = spec;
  const { intended } = await runOpenLoop({
    ...{ clock, arrivals: poissonArrivals(perSecond, forMs, new Random(seed, name)) },
    ...{ warmupMs: 0, durationMs: forMs, maxInFlight: 512, drainMs: forMs },
    send: () => explainedSearch(client, shop.traffic.next(0)),
  });
  return intended;
}

async function ownCpuMs<T>(work: () => Promise<T>) {
  const [before, startMs] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuMs: (user + system) / 1_000, tookMs: performance.now() - startMs };
}

async function measureStart(machine: ThisMachine): Promise<Machine['start']> {
  const startMs = performance.now();
  const pid = await becomes(machine, 2);
  const tookMs = performance.now() - startMs;
  // Several threads load at once: what of it is more than the time is no core's for longer.
  const cpuMs = Math.min(tookMs, preciseCpuMs(pid));
  const waitMs = Math.max(0, tookMs - cpuMs - waitedForCpuMs(pid));
  await becomes(machine, 1);
  return { cpuMs, waitMs };
}

/** What the first searches of a new node take of it, beside what others take of the one that is warm meanwhile. */
async function measureCold(shop: Shop, spec: MeasureSpec): Promise<Machine['cold']> {
  const { machine } = spec;
  const fresh = await becomes(machine, 2);
  const before = await figuresOf(machine);
  await load(shop, spec, 'cold');
  // What they did is told from time to time.
  await sleep(IDLE_MS);
  const after = await figuresOf(machine);
  await becomes(machine, 1);
  const laps = after.map(({ pid, cpuMs, searches }) => {
    const then = before.find((each) => each.pid === pid);
    return { pid, cpuMs: cpuMs - (then?.cpuMs ?? 0), searches: searches - (then?.searches ?? 0) };
  });
  const [cold, warm] = [true, false].map((isFresh) =>
    laps.find(({ pid }) => (pid === fresh) === isFresh),
  );
  if (cold === undefined || warm === undefined || cold.searches < 1 || warm.searches < 1) {
    throw new Error('a query node had no searches while there were two');
  }
  const usualMs = warm.cpuMs / warm.searches;
  const searches = Math.min(COLD_SEARCHES, cold.searches);
  const moreMs = Math.max(0, cold.cpuMs - usualMs * cold.searches);
  return { searches, slowness: 1 + moreMs / (usualMs * searches) };
}

async function figuresOf(machine: ThisMachine) {
  const { processes } = (await machine.processes()).query_nodes;
  return processes.map(({ pid, searches = 0 }) => ({ pid, searches, cpuMs: preciseCpuMs(pid) }));
}

/** Resolves once so many answer, with the process of the last. */
async function becomes(machine: ThisMachine, count: number): Promise<number> {
  await machine.change({ role: 'query_nodes', from: count, to: count, reason: 'bench' });
  const endMs = performance.now() + START_LIMIT_MS;
  for (;;) {
    const { processes } = (await machine.processes()).query_nodes;
    const last = processes.at(-1);
    if (last !== undefined && processes.length === count && processes.every((each) => each.ready)) {
      return last.pid;
    }
    if (performance.now() > endMs) throw new Error(`no ${count} query nodes`);
    await sleep(POLL_MS);
  }
}
