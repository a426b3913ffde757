import { bench, type BenchRun } from './lib/bench.js';
import { median } from './lib/median.js';
import { preciseCpuMs } from './lib/processes.js';
import { print } from './lib/report.js';
import { askText, describeShop, openShop, SHOP_FLAGS, type Shop } from './lib/shop.js';
import { formatTable } from './lib/table.js';
import { Collector } from './tracing/collector.js';

const FLAGS = {
  ...SHOP_FLAGS,
  pairs: { default: 10, help: 'turns that each cluster takes' },
  searches: { default: 1_500, help: 'of a turn' },
  users: { default: 8, help: 'who search at once' },
  unseen: { default: 0.2, help: 'share of queries never asked before' },
  share: { default: 0.1, help: 'of all requests that is traced' },
};

/** As clusters are started: two alike tell what chance makes of nothing. */
const CLUSTERS = ['not set', 'not set, again', 'sampled'] as const;

await bench(
  {
    name: 'tracing',
    about: 'What tracing a share of all searches costs: CPU of all processes, by turns.',
    maxMinutes: 30,
    flags: FLAGS,
  },
  async (run) => {
    const { flags } = run;
    const collector = await run.start(Collector.open());
    const shops: Shop[] = [];
    for (const name of CLUSTERS) {
      const env = name === 'sampled' ? collector.env(flags.share) : {};
      shops.push(await openShop(run, 1, env));
    }
    const pairs = flags.quick ? 2 : flags.pairs;
    const costs = shops.map((): number[] => []);
    for (let turn = -1; turn < pairs; turn++) {
      for (const [i, shop] of shops.entries()) {
        const us = await run.measure(`${CLUSTERS[i] ?? ''}, turn ${String(turn)}`, () =>
          burst(run, shop),
        );
        // The first turn warms up.
        if (turn >= 0) costs[i]?.push(us);
      }
    }
    const ratios = costs.map((list) =>
      median(list.map((us, turn) => us / (costs[0]?.[turn] ?? NaN))),
    );
    const rows = CLUSTERS.map((traces, i) => ({
      traces,
      'CPU us a search': median(costs[i] ?? []),
      'to the first': ratios[i] ?? NaN,
    }));
    print(`a share of ${String(flags.share)} is traced`, formatTable(rows));
    if (collector.requests === 0) throw new Error('no trace came');
    return {
      data: { ...describeShop(shops[0] as Shop), searches: flags.searches, users: flags.users },
      results: { costs, ratios, requests: collector.requests },
      figures: [
        { name: 'the same twice', value: ratios[1] ?? NaN, unit: '' },
        { name: `a share of ${String(flags.share)} traced`, value: ratios[2] ?? NaN, unit: '' },
      ],
    };
  },
);

/** CPU of all processes of the shop a search, microseconds. */
async function burst(run: BenchRun<typeof FLAGS>, shop: Shop): Promise<number> {
  const { searches, users, unseen } = run.flags;
  const { client, traffic } = shop;
  const cpuMs = (): number => shop.processes().reduce((sum, { pid }) => sum + preciseCpuMs(pid), 0);
  const before = cpuMs();
  let left = searches;
  const user = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { failure } = await askText(client, traffic.next(unseen));
      if (failure !== undefined) throw new Error(failure);
    }
  };
  await Promise.all(Array.from({ length: users }, user));
  return ((cpuMs() - before) * 1_000) / searches;
}
