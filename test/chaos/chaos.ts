import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../e2e/catalogue.js';
import type { Cluster } from '../e2e/cluster.js';
import { DIMENSIONS, Shop } from './clients.js';
import { FAULTS, possibleFaults, type Fault } from './faults.js';
import { haunt } from './nemesis.js';
import { World, type StoreKind } from './world.js';

export interface ChaosOptions {
  seconds: number;
  seed: number;
  store: StoreKind;
  /** Absent: all that this machine allows. */
  faults?: readonly Fault[];
  /** The built `main.js`; absent: this package's. */
  main?: string;
  /** Ends as soon as something is wrong. */
  isEnough?: boolean;
}

export interface ChaosResult {
  violations: readonly string[];
  counts: Shop['counts'];
  deeds: ReadonlyMap<string, number>;
  /** Faults that this machine does not allow, and why. */
  skipped: ReadonlyMap<Fault, string>;
  /** Until the first violation, seconds. */
  caughtAfterS: number | undefined;
  /** From the last deed on until all was whole again, seconds. */
  healedAfterS: number | undefined;
  /** What the processes said. */
  log: string;
}

const PRODUCTS = 480;
const WRITERS = 3;
const READERS = 4;
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
 * Writers and searchers on two parts of two replicas each and two query nodes, which are haunted by all `FAULTS` while
 * their partitions move, split and merge. Each answer is compared with what it may be by what
 * was acknowledged when it was asked for; in the end, with all that was ever acknowledged.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seconds, seed, store, main, isEnough = false } = options;
  const { faults, skipped } = possibleFaults(options.faults ?? FAULTS, store);
  const world = await World.start({
    ...{ store, faults, args: ARGS, env: ENV, random: seeded(seed + 400) },
    ...(main === undefined ? {} : { main }),
  });
  try {
    const shop = new Shop(world.cluster, PRODUCTS);
    await shop.fill(seeded(seed + 500));
    const startedMs = performance.now();
    const over = AbortSignal.timeout(Math.round(seconds * 1_000));
    const stop = new AbortController();
    const signal = AbortSignal.any([over, stop.signal]);
    const own = (writer: number) => shop.products.filter((_, i) => i % WRITERS === writer);
    const writers = Array.from({ length: WRITERS }, (_, i) =>
      shop.write(own(i), seeded(seed + i), signal),
    );
    const readers = Array.from({ length: READERS }, (_, i) =>
      shop.read(seeded(seed + 100 + i), signal),
    );
    const haunting = haunt(world, faults, seeded(seed + 200), signal);
    // A deed that cannot be done is a mistake of this test's.
    haunting.catch(() => stop.abort());
    let caughtAfterS: number | undefined;
    while (!signal.aborted) {
      await sleep(100);
      if (shop.violations.length === 0) continue;
      caughtAfterS ??= secondsSince(startedMs);
      if (isEnough) stop.abort();
    }
    const deeds = await haunting;
    const overMs = performance.now();
    await Promise.all([...writers, ...readers]);
    if (!isEnough) await heal(world, shop, seeded(seed + 300), overMs + HEALED_MS);
    const healedAfterS = isEnough ? undefined : secondsSince(overMs);
    const { violations, counts } = shop;
    const log = world.cluster.log();
    return { violations, counts, deeds, skipped, caughtAfterS, healedAfterS, log };
  } finally {
    await world.stop();
  }
}

const secondsSince = (startedMs: number): number => (performance.now() - startedMs) / 1_000;

/** Nothing is done to the cluster any more: soon answers are whole, have all that was acknowledged, and no part is ill. */
async function heal(
  { cluster }: World,
  shop: Shop,
  random: () => number,
  untilMs: number,
): Promise<void> {
  let isWhole = false;
  for (;;) {
    isWhole ||= (await shop.flush(random)) && (await shop.search(random));
    const ill = await illParts(cluster);
    if (isWhole && ill.length === 0) break;
    if (performance.now() > untilMs) {
      const what = isWhole ? ill.join(', ') : 'answers are not whole';
      throw new Error(`it does not heal: ${what}\n${cluster.log()}`);
    }
    await sleep(500);
  }
  shop.allSearchable(performance.now());
  for (let i = 0; i < 20; i++) await shop.search(random);
}

/** Parts of the cluster that say, or of which is said, that they are not well. */
async function illParts(cluster: Cluster): Promise<string[]> {
  try {
    const { json } = await cluster.send('GET', '/healthz');
    const parts = json['parts'] as { name: string; state: string; detail?: string }[];
    return parts.flatMap(({ name, state, detail = state }) =>
      state === 'ok' ? [] : [`${name}: ${detail}`],
    );
  } catch {
    return ['query node: gone'];
  }
}
