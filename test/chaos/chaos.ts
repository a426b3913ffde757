import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../e2e/cluster.js';
import { seeded } from '../e2e/catalogue.js';
import { DIMENSIONS, Shop } from './clients.js';
import { haunt } from './nemesis.js';

export interface ChaosOptions {
  seconds: number;
  seed: number;
  /** The built `main.js`; absent: this package's. */
  main?: string;
  /** Ends as soon as something is wrong. */
  isEnough?: boolean;
}

export interface ChaosResult {
  violations: readonly string[];
  counts: Shop['counts'];
  deeds: ReadonlyMap<string, number>;
  /** Until the first violation, seconds. */
  caughtAfterS: number | undefined;
}

const PRODUCTS = 480;
const WRITERS = 3;
const READERS = 2;
const HEALED_MS = 60_000;
const ARGS = [
  ...['--model', 'none', '--dimensions', String(DIMENSIONS)],
  ...['--replicas', '2', '--query-nodes', '2'],
];
const ENV = {
  OMNISEARCH_PARTITION_ROWS: '150',
  OMNISEARCH_RANGE_ROWS: '100',
  OMNISEARCH_LEASE_MS: '1000',
  OMNISEARCH_TAIL_ROWS: '50',
  OMNISEARCH_GRAPH_MIN_ROWS: '20',
};

/**
 * Writers and searchers on two parts of two replicas each and two query nodes, whose processes are killed, frozen and restarted
 * and whose partitions move, split and merge all the while. Each answer is compared with what it may be by what
 * was acknowledged when it was asked for; in the end, with all that was ever acknowledged.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seconds, seed, main, isEnough = false } = options;
  const cluster = await Cluster.start({
    ...{ shards: 2, args: ARGS, env: ENV },
    ...(main === undefined ? {} : { main }),
  });
  const startedMs = performance.now();
  try {
    const shop = new Shop(cluster, PRODUCTS);
    const over = AbortSignal.timeout(seconds * 1_000);
    const stop = new AbortController();
    const signal = AbortSignal.any([over, stop.signal]);
    const own = (writer: number) => shop.products.filter((_, i) => i % WRITERS === writer);
    const writers = Array.from({ length: WRITERS }, (_, i) =>
      shop.write(own(i), seeded(seed + i), signal),
    );
    const readers = Array.from({ length: READERS }, (_, i) =>
      shop.read(seeded(seed + 100 + i), signal),
    );
    const haunting = haunt(cluster, seeded(seed + 200), signal);
    let caughtAfterS: number | undefined;
    while (!signal.aborted) {
      await sleep(100);
      if (shop.violations.length === 0) continue;
      caughtAfterS ??= (performance.now() - startedMs) / 1_000;
      if (isEnough) stop.abort();
    }
    const deeds = await haunting;
    await Promise.all([...writers, ...readers]);
    if (!isEnough) await heal(cluster, shop, seeded(seed + 300));
    const { violations, counts } = shop;
    return { violations, counts, deeds, caughtAfterS };
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

/** Nothing is done to the cluster any more: soon answers are whole, and have all that was acknowledged. */
async function heal(cluster: Cluster, shop: Shop, random: () => number): Promise<void> {
  const endsAt = performance.now() + HEALED_MS;
  while (!((await shop.flush(random)) && (await shop.search(random)))) {
    if (performance.now() > endsAt) throw new Error(`it does not heal: ${cluster.log()}`);
    await sleep(500);
  }
  shop.allSearchable(performance.now());
  for (let i = 0; i < 20; i++) await shop.search(random);
}
