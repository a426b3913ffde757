import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '../test/redis/redis-server.js';
import { bench } from './lib/bench.js';
import { measurePhase, phaseFigures, phaseRow } from './lib/phase.js';
import { print } from './lib/report.js';
import { describeShop, openShop, SHOP_FLAGS } from './lib/shop.js';
import { formatTable } from './lib/table.js';
import { PacedClock } from './load/clock.js';

const FLAGS = {
  ...SHOP_FLAGS,
  'query-nodes': { default: 2, help: 'processes that share the port' },
  rate: { default: 100, help: 'searches per second, open loop' },
  unseen: { default: 0.2, help: 'share of queries never asked before' },
  seconds: { default: 15, help: 'of each phase' },
};

/** What is done to Redis a second into a phase. */
interface Phase {
  name: string;
  during?: (redis: RedisServer) => Promise<unknown>;
}

const PHASES: readonly Phase[] = [
  { name: 'quiet' },
  { name: 'it freezes', during: async (redis) => redis.signal('SIGSTOP') },
  { name: 'it is frozen' },
  { name: 'it goes on', during: async (redis) => redis.signal('SIGCONT') },
  { name: 'it dies', during: (redis) => redis.kill() },
  { name: 'it is gone' },
  { name: 'it is started again', during: (redis) => redis.restart() },
  { name: 'quiet again' },
];

await bench(
  {
    name: 'redis',
    about:
      'Searches at a steady rate while the Redis that nodes share freezes, dies and comes back.',
    maxMinutes: 10,
    flags: FLAGS,
  },
  async (run) => {
    const { rate, unseen, quick } = run.flags;
    const redis = await RedisServer.start();
    try {
      const shop = await openShop(run, 1, { OMNISEARCH_REDIS_URL: redis.url });
      const clock = run.use(new PacedClock());
      const durationMs = (quick ? 4 : run.flags.seconds) * 1_000;
      const phases = [];
      for (const { name, during } of [{ name: 'warming up' }, ...PHASES] as Phase[]) {
        const load = { name, durationMs, rate, unseen };
        const act = (): Promise<unknown> => during?.(redis) ?? sleep(0);
        const measured = await measurePhase(run, shop, clock, load, act);
        if (name !== 'warming up') phases.push(measured);
      }
      print(`${String(rate)} searches per second`, formatTable(phases.map(phaseRow)));
      const { body } = await shop.client.get('/metrics');
      print(
        'Redis, by one node',
        String(body)
          .match(/^redis_.*$/gm)
          ?.join('\n') ?? '',
      );
      return {
        data: { ...describeShop(shop), rate, unseen },
        results: phases,
        figures: phases.flatMap(phaseFigures),
      };
    } finally {
      await redis.stop();
    }
  },
);
