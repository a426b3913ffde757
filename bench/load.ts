import { timerClock } from './load/clock.js';
import { runClosedLoop } from './load/closed-loop.js';
import type { LoadResult } from './load/tally.js';
import { bench } from './lib/bench.js';
import { peakMemory } from './lib/memory.js';
import { withTimeBar } from './lib/progress.js';
import { Random } from './lib/random.js';
import { print } from './lib/report.js';
import { SearchTally } from './lib/search.js';
import { askText, describeShop, openShop, SHOP_FLAGS } from './lib/shop.js';
import { formatTable } from './lib/table.js';

const FLAGS = {
  ...SHOP_FLAGS,
  users: { default: 100, help: 'shoppers' },
  ramp: { default: 10, help: 'shoppers who join per second' },
  minutes: { default: 2, help: 'how long, from the first shopper on' },
};

/** Share of queries never asked before, as in bench:latency. */
const UNSEEN = 0.2;

await bench(
  {
    name: 'load',
    about: 'Shoppers who search, look for 1 to 5 seconds, and search again (a closed loop).',
    maxMinutes: ({ minutes }) => minutes + 5,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const shop = await openShop(run);
    const users = flags.quick ? 20 : flags.users;
    const durationMs = (flags.quick ? 0.15 : flags.minutes) * 60_000;
    const warmupMs = Math.min((users / flags.ramp) * 1000, durationMs / 2);
    const random = new Random(flags.seed, 'thinking');
    const tally = new SearchTally();
    const work = (): Promise<LoadResult> =>
      runClosedLoop({
        clock: timerClock,
        users,
        rampPerSecond: flags.ramp,
        thinkMs: () => 1000 + 4000 * random.next(),
        warmupMs,
        durationMs,
        send: () => askText(shop.client, shop.traffic.next(UNSEEN)),
        onReply: tally.onReply,
      });
    const title = `${String(users)} shoppers`;
    const load = await run.measure(title, () => withTimeBar(title, durationMs, work));
    const searches = tally.result();
    const memory = peakMemory(shop.processes());

    const { latency } = load;
    const row = {
      shoppers: users,
      searches: load.intended,
      'per s': load.achieved_per_s,
      'p50 ms': latency.p50_ms,
      p95: latency.p95_ms,
      p99: latency.p99_ms,
      'p99.9': latency.p999_ms,
      max: latency.max_ms,
      failed: load.intended - load.succeeded,
      partial: searches.partial_replies,
      'cached %': searches.cache_hit_rate === null ? null : searches.cache_hit_rate * 100,
    };
    print('after everyone has joined', formatTable([row]));
    if (load.error_rate > 0) print('failures', formatTable([load.failures]));
    print('memory', formatTable(memory.rows));
    const of = `${String(users)} shoppers`;
    return {
      data: describeShop(shop),
      results: { users, ...load, ...searches, memory: memory.processes },
      figures: [
        { name: `${of}, p50`, value: latency.p50_ms, unit: 'ms' },
        { name: `${of}, p99`, value: latency.p99_ms, unit: 'ms' },
        { name: `${of}, failed requests`, value: load.intended - load.succeeded, unit: '' },
      ],
    };
  },
);
