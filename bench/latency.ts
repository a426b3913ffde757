import { readFile } from 'node:fs/promises';
import { poissonArrivals } from './load/arrivals.js';
import { PacedClock, timerClock } from './load/clock.js';
import { runClosedLoop } from './load/closed-loop.js';
import { runOpenLoop } from './load/open-loop.js';
import type { LoadResult } from './load/tally.js';
import { bench, type BenchRun } from './lib/bench.js';
import { numberList } from './lib/flags.js';
import { writePlot } from './lib/plot.js';
import { withTimeBar } from './lib/progress.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { SearchTally } from './lib/search.js';
import { askText, describeShop, openShop, SHOP_FLAGS, type Shop } from './lib/shop.js';
import { formatTable } from './lib/table.js';

/** The promise: 99 of 100 searches within this. A rate that breaks it ends the ladder. */
const TARGET_P99_MS = 100;
/** Two runs on a quiet machine agree this well at p50. */
const AGREEMENT = 0.15;
const MAX_IN_FLIGHT = 512;
const DRAIN_MS = 5000;

const FLAGS = {
  ...SHOP_FLAGS,
  rates: { default: '50,100,200,400,700,1000,1400,2000,3000', help: 'arrivals per second' },
  seconds: { default: 10, help: 'measured time at each rate' },
  warmup: { default: 3, help: 'seconds before it at each rate' },
  mixes: { default: 'traffic,cold,warm', help: 'kinds of traffic' },
  plot: { default: 'bench/.cache/latency.svg', help: 'where the plot goes' },
  compare: { default: '', help: 'a report of an earlier run to compare medians with' },
};

/** Share of queries never asked before. */
const MIXES: Record<string, { unseen: number; about: string }> = {
  traffic: { unseen: 0.2, about: 'queries by popularity, 20 % never seen before' },
  cold: { unseen: 1, about: 'every query is new' },
  warm: { unseen: 0, about: 'every query was asked before' },
};

type Rung = LoadResult & ReturnType<SearchTally['result']> & { mix: string; rate: number };

await bench(
  {
    name: 'latency',
    about: 'Latency of text searches at rising rates: open loop, counted from the intended start.',
    maxMinutes: 20,
    flags: FLAGS,
  },
  async (run) => {
    const shop = await openShop(run);
    const clock = run.use(new PacedClock());
    const rates = run.flags.quick ? [50, 200] : numberList(run.flags.rates);
    const mixes = run.flags.mixes.split(',');

    const rungs: Rung[] = [];
    for (const mix of mixes) rungs.push(...(await climb(run, shop, clock, mix, rates)));
    const repeat = await repeatOne(run, shop, clock, rungs);

    for (const mix of mixes) {
      const rows = rungs.filter((rung) => rung.mix === mix).map(tableRow);
      print(`${mix}: ${MIXES[mix]?.about ?? ''}`, formatTable(rows));
    }
    print('repeated at the end', formatTable([repeat]));
    if (run.flags.compare !== '') await compareWith(run.flags.compare, rungs);
    await plot(run.flags.plot, mixes, rungs);
    return { data: describeShop(shop), results: { rungs, repeat }, figures: figures(rungs) };
  },
);

/** Raises the rate until the promise is broken or requests fail. */
async function climb(
  run: BenchRun<typeof FLAGS>,
  shop: Shop,
  clock: PacedClock,
  mix: string,
  rates: readonly number[],
): Promise<Rung[]> {
  if (!(mix in MIXES))
    throw new Error(`unknown mix "${mix}"; there are ${Object.keys(MIXES).join()}`);
  if (mix === 'warm') await warmUp(shop);
  const rungs: Rung[] = [];
  for (const rate of rates) {
    const rung = await measure(run, shop, clock, mix, rate);
    rungs.push(rung);
    if (rung.latency.p99_ms > TARGET_P99_MS || rung.error_rate > 0) break;
  }
  return rungs;
}

async function measure(
  run: BenchRun<typeof FLAGS>,
  shop: Shop,
  clock: PacedClock,
  mix: string,
  rate: number,
): Promise<Rung> {
  const step = `${mix} ${String(rate)}/s`;
  const warmupMs = (run.flags.quick ? 1 : run.flags.warmup) * 1000;
  const durationMs = warmupMs + (run.flags.quick ? 3 : run.flags.seconds) * 1000;
  const unseen = MIXES[mix]?.unseen ?? 0;
  const tally = new SearchTally();
  const load = (): Promise<LoadResult> =>
    runOpenLoop({
      clock,
      arrivals: poissonArrivals(rate, durationMs, new Random(run.flags.seed, step)),
      warmupMs,
      durationMs,
      maxInFlight: MAX_IN_FLIGHT,
      drainMs: DRAIN_MS,
      send: () => askText(shop.client, shop.traffic.next(unseen)),
      onReply: tally.onReply,
    });
  const result = await run.measure(step, () => withTimeBar(step, durationMs, load));
  return { mix, rate, ...result, ...tally.result() };
}

/** Asks every query of the log once. */
async function warmUp({ client, traffic }: Shop): Promise<void> {
  const queries = traffic.log.map(({ query }) => query);
  await runClosedLoop({
    clock: timerClock,
    users: 4,
    warmupMs: 0,
    durationMs: 120_000,
    requests: queries.length,
    send: (index) => askText(client, queries[index] ?? ''),
  });
}

/** Measures one rate of steady traffic again: a machine at rest gives the same median. */
async function repeatOne(
  run: BenchRun<typeof FLAGS>,
  shop: Shop,
  clock: PacedClock,
  rungs: readonly Rung[],
) {
  const first = rungs.find(({ mix }) => mix === 'warm') ?? rungs[0];
  if (first === undefined) throw new Error('no rate was measured');
  const again = await measure(run, shop, clock, first.mix, first.rate);
  const ratio = again.latency.p50_ms / first.latency.p50_ms;
  return {
    mix: first.mix,
    rate: first.rate,
    first_p50_ms: first.latency.p50_ms,
    again_p50_ms: again.latency.p50_ms,
    ratio,
    verdict: agrees(ratio) ? 'agrees' : 'differs: the machine is noisy',
  };
}

async function compareWith(file: string, rungs: readonly Rung[]): Promise<void> {
  const report = JSON.parse(await readFile(file, 'utf8')) as {
    results: { rungs: Rung[] };
    noise: { noisy_steps: string[] };
  };
  const rows = rungs.flatMap((rung) => {
    const step = `${rung.mix} ${String(rung.rate)}/s`;
    const before = report.results.rungs.find(
      ({ mix, rate }) => `${mix} ${String(rate)}/s` === step,
    );
    if (before === undefined) return [];
    const ratio = rung.latency.p50_ms / before.latency.p50_ms;
    const noisy = report.noise.noisy_steps.includes(step);
    return {
      step,
      'p50 then': before.latency.p50_ms,
      'p50 now': rung.latency.p50_ms,
      ratio,
      verdict: agrees(ratio) ? 'agrees' : noisy ? 'differs; was noisy then' : 'differs',
    };
  });
  print(`compared with ${file}`, formatTable(rows));
}

function agrees(ratio: number): boolean {
  return Math.abs(Math.log(ratio)) <= Math.log(1 + AGREEMENT);
}

function tableRow(rung: Rung) {
  const { latency, split_p50: p50, split_p99: p99 } = rung;
  const split = (s: typeof p50): string =>
    [s.embed_ms, s.search_ms, s.join_ms, s.rest_ms].map((ms) => ms.toFixed(2)).join(' / ');
  return {
    'rate/s': rung.rate,
    achieved: rung.achieved_per_s,
    'p50 ms': latency.p50_ms,
    p95: latency.p95_ms,
    p99: latency.p99_ms,
    'p99.9': latency.p999_ms,
    max: latency.max_ms,
    'errors %': rung.error_rate * 100,
    partial: rung.partial_replies,
    'cached %': rung.cache_hit_rate === null ? null : rung.cache_hit_rate * 100,
    'embed / search / join / rest at p50': split(p50),
    'at p99': split(p99),
  };
}

async function plot(file: string, mixes: readonly string[], rungs: readonly Rung[]): Promise<void> {
  const lines = mixes.flatMap((mix) => {
    const points = rungs.filter((rung) => rung.mix === mix);
    return (['p50_ms', 'p99_ms'] as const).map((key) => ({
      name: `${mix} ${key.slice(0, 3)}`,
      points: points.map(({ rate, latency }) => ({ x: rate, y: latency[key] })),
    }));
  });
  await writePlot(file, lines, {
    title: 'Latency of POST /search/text from the intended start',
    x: 'arrivals per second (Poisson)',
    y: 'latency, ms',
    limit: { y: TARGET_P99_MS, name: `p99 target, ${String(TARGET_P99_MS)} ms` },
  });
}

function figures(rungs: readonly Rung[]) {
  const kept = rungs.filter((r) => r.latency.p99_ms <= TARGET_P99_MS && r.error_rate === 0);
  return ['traffic', 'cold', 'warm'].flatMap((mix) => {
    const mine = kept.filter((rung) => rung.mix === mix);
    const low = mine.find(({ rate }) => rate === 100) ?? mine[0];
    const high = mine.at(-1);
    if (low === undefined || high === undefined) return [];
    const at = `${mix} at ${String(low.rate)}/s`;
    return [
      { name: `${at}, p50`, value: low.latency.p50_ms, unit: 'ms' },
      { name: `${at}, p99`, value: low.latency.p99_ms, unit: 'ms' },
      { name: `${mix}: highest rate with p99 under 100 ms`, value: high.rate, unit: 'QPS' },
    ];
  });
}
