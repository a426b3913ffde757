import { CutLink } from '../test/link.js';
import type { Percentiles } from './load/histogram.js';
import { bench } from './lib/bench.js';
import { OmniServer } from './lib/omni-server.js';
import { RegionPair } from './lib/region-pair.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';
import { loadVectors, serveVectors } from './lib/vector-server.js';

const FLAGS = {
  rows: { default: 20_000, help: 'products' },
  dimensions: { default: 256, help: 'of the vectors' },
  rate: { default: 200, help: 'writes per second at the primary' },
  searches: { default: 20, help: 'searches per second in the region' },
  seconds: { default: 60, help: 'of writes while the line is whole' },
  cut: { default: 300, help: 'seconds for which it is cut' },
  missed: { default: 0, help: 'seconds of writes that come meanwhile; 0: as many as it is cut' },
  shards: { default: 1, help: 'shard processes of each' },
};

await bench(
  {
    name: 'regions',
    about: 'How far a region is behind under writes, and what a cut line does to it.',
    maxMinutes: ({ rows, seconds, cut }) =>
      8 + Math.ceil((2 * seconds + 2 * cut) / 60 + rows / 9_000),
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const rows = flags.quick ? 2_000 : flags.rows;
    const seconds = flags.quick ? 5 : flags.seconds;
    const cutS = flags.quick ? 5 : flags.cut;
    const { base, queries } = await loadVectors(rows, flags.dimensions, 200, flags.seed);
    const { server: primary } = await serveVectors(run, base, flags.shards);
    const link = run.use(await CutLink.to(primary.url));
    const startMs = performance.now();
    const region = await run.start(
      OmniServer.start({
        ...{ shards: flags.shards, model: 'none', dimensions: flags.dimensions },
        env: { OMNISEARCH_REGION_OF: link.url },
      }),
    );
    const copiedMs = performance.now() - startMs;
    const at = new RegionPair({ ...flags, primary, region, base, queries });

    const alone = await run.measure('searches alone', () => at.searches(seconds));
    const [writes, beside, lag] = await run.measure('writes', () =>
      Promise.all([at.writes(seconds), at.searches(seconds), at.lag(seconds)]),
    );

    run.say('the line is cut');
    link.cut();
    const missed = flags.missed === 0 ? cutS : flags.missed;
    const [, served, oldestS] = await run.measure('cut', () =>
      Promise.all([at.missedWrites(missed * flags.rate, cutS), at.searches(cutS), at.ages(cutS)]),
    );
    link.mend();
    run.say('the line is whole again');
    const caughtUpMs = await run.measure('catching up', () => at.untilCaughtUp());
    const isEqual =
      JSON.stringify(await at.answers(primary)) === JSON.stringify(await at.answers(region));

    print(
      `lag at ${writes.achieved_per_s.toFixed(0)} writes/s, from the primary's answer until a search in the region finds it`,
      formatTable([{ samples: lag.count, ...percentilesOf(lag) }]),
    );
    print(
      'searches in the region',
      formatTable(
        Object.entries({ alone, 'beside writes': beside, 'cut off': served }).map(
          ([when, { intended, succeeded, latency }]) => ({
            ...{ when, searches: intended, failed: intended - succeeded },
            ...{ 'p50 ms': latency.p50_ms, 'p99 ms': latency.p99_ms },
          }),
        ),
      ),
    );
    const backlog = missed * flags.rate;
    print(
      `cut for ${String(cutS)} s`,
      formatTable([
        {
          'writes meanwhile': backlog,
          'Age at the end, s': oldestS,
          'caught up after, s': caughtUpMs / 1_000,
          'rows/s': Math.round(backlog / (caughtUpMs / 1_000)),
          'exact answers equal': isEqual,
        },
      ]),
    );
    if (!isEqual) throw new Error('the region answers otherwise');
    return {
      data: { rows, dimensions: flags.dimensions, shards: flags.shards },
      results: {
        copied_ms: copiedMs,
        writes,
        lag,
        alone,
        beside,
        served,
        caught_up_ms: caughtUpMs,
      },
      figures: [
        { name: 'p99 lag of a region', value: lag.p99_ms / 1_000, unit: 's' },
        { name: `caught up after ${String(cutS)} s`, value: caughtUpMs / 1_000, unit: 's' },
      ],
    };
  },
);

function percentilesOf({ p50_ms, p99_ms, max_ms }: Percentiles): Record<string, number> {
  return { 'p50 ms': p50_ms, 'p99 ms': p99_ms, 'max ms': max_ms };
}
