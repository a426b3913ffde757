import { setTimeout as sleep } from 'node:timers/promises';
import { poissonArrivals } from '../load/arrivals.js';
import { PacedClock, timerClock } from '../load/clock.js';
import { runClosedLoop } from '../load/closed-loop.js';
import { LatencyHistogram } from '../load/histogram.js';
import { runOpenLoop } from '../load/open-loop.js';
import type { BenchRun } from './bench.js';
import type { Catalogue } from './catalogue.js';
import type { JsonClient } from './client.js';
import type { FlagSpecs } from './flags.js';
import { ingest } from './ingest.js';
import { measureLoad } from './embed-load.js';
import { OmniServer } from './omni-server.js';
import { Random } from './random.js';
import { print } from './report.js';
import { search, type SearchReply } from './search.js';
import { formatTable } from './table.js';
import type { Traffic } from './traffic.js';

export interface NodeCase {
  model: string;
  precision: string;
  catalogue: Catalogue;
  traffic: Traffic;
}

const SHARDS = 2;
/** Products in the index before anything is measured: embedding them is not what is timed. */
const FIRST_PRODUCTS = 300;
const OVERLOAD = 4;
const CAPACITY_USERS = 8;
const WARM_UP_MS = 2_000;
const MAX_IN_FLIGHT = 512;

type Run = BenchRun<FlagSpecs & { seconds: { default: number; help: string } }>;

/** A whole node: four times what it can embed, and a bulk load beside its queries. */
export async function measureNode(run: Run, parts: NodeCase) {
  const { model, precision, catalogue, traffic } = parts;
  run.say('starting OmniSearch');
  const env = { OMNISEARCH_MODEL_PRECISION: precision };
  const server = await run.start(OmniServer.start({ shards: SHARDS, model, env }));
  const first = catalogue.products.slice(0, FIRST_PRODUCTS);
  await ingest(server.client, first.length, (row) => first[row]?.line ?? '');
  const clock = run.use(new PacedClock());
  const seconds = run.flags.quick ? 3 : run.flags.seconds;
  const cold = (): Promise<SearchReply> => ask(server.client, traffic.next(1));

  const capacity = await run.measure('capacity', () => capacityPerSecond(cold, seconds));
  const residentBefore = residentBytes(server);
  const overload = await run.measure('overload', () =>
    overloaded(run, clock, cold, OVERLOAD * capacity, seconds),
  );
  const recovery = await run.measure('recovery', () => recoveryOf(cold));
  const resident = { before_bytes: residentBefore, after_bytes: residentBytes(server) };
  const more = catalogue.products.slice(FIRST_PRODUCTS);
  const load = await measureLoad(run, { client: server.client, clock, traffic, more, seconds });
  await run.release(clock);
  await run.release(server);

  print('overload', formatTable([{ 'capacity/s': capacity, ...overload, ...recovery }]));
  print('memory of all processes', formatTable([resident]));
  print('queries beside a bulk load', formatTable(load));
  return { capacity_per_s: capacity, overload, recovery, resident, load };
}

/** Searches for text that no one asked before, answered a second by a node that is kept busy. */
async function capacityPerSecond(
  cold: () => Promise<SearchReply>,
  seconds: number,
): Promise<number> {
  const { achieved_per_s: rate } = await runClosedLoop({
    clock: timerClock,
    users: CAPACITY_USERS,
    warmupMs: WARM_UP_MS,
    durationMs: WARM_UP_MS + seconds * 1000,
    send: cold,
  });
  return rate;
}

async function overloaded(
  run: Run,
  clock: PacedClock,
  cold: () => Promise<SearchReply>,
  rate: number,
  seconds: number,
) {
  const refusals = new LatencyHistogram();
  const durationMs = WARM_UP_MS + seconds * 1000;
  const result = await runOpenLoop({
    clock,
    arrivals: poissonArrivals(rate, durationMs, new Random(run.flags.seed, 'overload')),
    warmupMs: WARM_UP_MS,
    durationMs,
    maxInFlight: MAX_IN_FLIGHT,
    drainMs: 5_000,
    send: async () => {
      const sentMs = performance.now();
      const reply = await cold();
      if (reply.failure?.startsWith('503') === true) refusals.record(performance.now() - sentMs);
      return reply;
    },
  });
  const refused = refusals.summary();
  return {
    'offered/s': rate,
    'accepted/s': result.achieved_per_s,
    accepted_p50_ms: result.latency.p50_ms,
    accepted_p99_ms: result.latency.p99_ms,
    refused: refused.count,
    refused_p50_ms: refused.p50_ms,
    refused_p99_ms: refused.p99_ms,
    other_failures: Object.entries(result.failures).filter(([kind]) => !kind.startsWith('503'))
      .length,
    client_late_p99_ms: result.send_delay.p99_ms,
  };
}

/** One new query after another from the end of the overload on. */
async function recoveryOf(cold: () => Promise<SearchReply>) {
  const startMs = performance.now();
  const later = new LatencyHistogram();
  let answeredAfterMs = -1;
  let refusedAfterOneSecond = 0;
  while (performance.now() - startMs < 3_000) {
    const sentMs = performance.now();
    const { failure } = await cold();
    const nowMs = performance.now();
    if (failure === undefined && answeredAfterMs < 0) answeredAfterMs = nowMs - startMs;
    if (sentMs - startMs >= 1_000) {
      if (failure === undefined) later.record(nowMs - sentMs);
      else refusedAfterOneSecond += 1;
    }
    await sleep(10);
  }
  return {
    answered_after_ms: answeredAfterMs,
    failed_after_1_s: refusedAfterOneSecond,
    p99_after_1_s_ms: later.percentileMs(99),
  };
}

function ask(client: JsonClient, query: string): Promise<SearchReply> {
  return search(client, '/search/text', { query, top_k: 10, fields: ['title'] });
}

function residentBytes(server: OmniServer): number {
  return server.processes().reduce((sum, { residentBytes: bytes }) => sum + bytes, 0);
}
