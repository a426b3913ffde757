import { setTimeout as sleep } from 'node:timers/promises';
import { pick, type Deed } from './deeds/deed.js';
import { TO_LINKS } from './deeds/links.js';
import { TO_PARTITIONS } from './deeds/placement.js';
import { TO_QUERY_NODES, TO_SHARDS } from './deeds/processes.js';
import { TO_SURROUNDINGS } from './deeds/surroundings.js';
import type { Fault } from './faults.js';
import type { World } from './world.js';

/** Deeds of which one is begun after the other, at random. */
interface Line {
  deeds: readonly Deed[];
  /** Up to twice as long lies between two. */
  everyMs: number;
  /** Not before the one before has ended. */
  isOneByOne: boolean;
}

const LINES: readonly Line[] = [
  { deeds: TO_SHARDS, everyMs: 1_000, isOneByOne: false },
  // Two that start are none, and only few answers come.
  { deeds: TO_QUERY_NODES, everyMs: 4_000, isOneByOne: false },
  { deeds: TO_PARTITIONS, everyMs: 250, isOneByOne: false },
  { deeds: TO_LINKS, everyMs: 1_000, isOneByOne: false },
  // What all stand on: between two of them there are whole answers again.
  { deeds: TO_SURROUNDINGS, everyMs: 1_500, isOneByOne: true },
];

/** Haunts `world` until the signal is aborted; resolves with how often each deed was done, all of them over. */
export async function haunt(
  world: World,
  faults: ReadonlySet<Fault>,
  random: () => number,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const going = new Set<Promise<void>>();
  const doAll = async ({ deeds, everyMs, isOneByOne }: Line): Promise<void> => {
    const bag = deeds
      .filter(({ fault }) => faults.has(fault))
      .flatMap((deed) => Array.from({ length: deed.weight }, () => deed));
    while (bag.length > 0 && !signal.aborted) {
      const deed = pick(bag, random);
      counts.set(deed.name, (counts.get(deed.name) ?? 0) + 1);
      const run = deed.run(world, random).finally(() => going.delete(run));
      going.add(run);
      if (isOneByOne) await run;
      await sleep(everyMs * (1 + random()), undefined, { signal }).catch(() => undefined);
    }
  };
  await Promise.all(LINES.map(doAll));
  await Promise.all(going);
  return counts;
}
