import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../e2e/cluster.js';
import { CATEGORIES } from './clients.js';

/** What is done to a cluster, each at random. */
interface Deed {
  name: string;
  /** How often, beside the others. */
  weight: number;
  run(at: Cluster, random: () => number): Promise<void>;
}

const SHARDS = ['s1', 's2', 's3', 's4'];

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Each at least a second after the one before was begun. */
const TO_PROCESSES: readonly Deed[] = [
  {
    name: 'shard killed',
    weight: 3,
    run: async (at, random) => kill(pick(at.pids('shard-node'), random), 'SIGKILL'),
  },
  {
    name: 'shard restarted',
    weight: 1,
    run: async (at, random) => kill(pick(at.pids('shard-node'), random), 'SIGTERM'),
  },
  {
    name: 'shard frozen',
    weight: 3,
    run: async (at, random) => {
      const pid = pick(at.pids('shard-node'), random);
      kill(pid, 'SIGSTOP');
      await sleep(300 + 2_500 * random());
      kill(pid, 'SIGCONT');
    },
  },
  {
    name: 'query node killed',
    weight: 1,
    run: async (at, random) => kill(pick(at.pids('query-node'), random), 'SIGKILL'),
  },
  {
    name: 'query node restarted',
    weight: 1,
    run: async (at, random) => kill(pick(at.pids('query-node'), random), 'SIGTERM'),
  },
];

/** More often: most wait for the one before, and are refused. */
const TO_PARTITIONS: readonly Deed[] = [
  { name: 'partition moved', weight: 1, run: (at, random) => reshape(at, random, 'move') },
  { name: 'partition split', weight: 1, run: (at, random) => reshape(at, random, 'split') },
  { name: 'category split', weight: 3, run: (at, random) => ofCategory(at, random, 'split') },
  { name: 'category merged', weight: 3, run: (at, random) => ofCategory(at, random, 'merge') },
  { name: 'partition let go', weight: 1, run: (at, random) => reshape(at, random, 'pin') },
];

/** What cannot be now is refused, and that is all; a query node that is killed answers nothing. */
async function ofCategory(
  at: Cluster,
  random: () => number,
  verb: 'split' | 'merge',
): Promise<void> {
  const category = `Category ${Math.floor(random() * CATEGORIES)}`;
  await at.post(`/admin/placement/${verb}`, { tenant: 'default', category }).catch(() => undefined);
}

/** Of a partition as it is now; what cannot be now is refused, and that is all. */
async function reshape(
  at: Cluster,
  random: () => number,
  verb: 'move' | 'split' | 'pin',
): Promise<void> {
  try {
    const partitions = await at.partitions();
    if (partitions.length === 0) return;
    const from = Math.floor(random() * 4);
    const more = {
      move: { to: [SHARDS[from], SHARDS[(from + 1) % 4]] },
      pin: { pinned: false },
      split: {},
    };
    const { id } = pick(partitions, random);
    await at.post(`/admin/placement/${verb}`, { tenant: 'default', partition: id, ...more[verb] });
  } catch {
    // A query node that is killed answers nothing.
  }
}

/** Does one deed after the other until the signal is aborted; resolves with how often each was done. */
export async function haunt(
  at: Cluster,
  random: () => number,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const going = new Set<Promise<void>>();
  const doAll = async (deeds: readonly Deed[], everyMs: number): Promise<void> => {
    const bag = deeds.flatMap((deed) => Array.from({ length: deed.weight }, () => deed));
    while (!signal.aborted) {
      const deed = pick(bag, random);
      counts.set(deed.name, (counts.get(deed.name) ?? 0) + 1);
      const run = deed.run(at, random).finally(() => going.delete(run));
      going.add(run);
      await sleep(everyMs * (1 + random()), undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all([doAll(TO_PROCESSES, 1_000), doAll(TO_PARTITIONS, 250)]);
  await Promise.all(going);
  return counts;
}
