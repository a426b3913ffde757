import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../faults.js';
import type { SmallDisk } from '../small-disk.js';
import type { World } from '../world.js';
import type { Deed } from './deed.js';

const HOUR_S = 3_600;
/** Longer than deletes are remembered. */
const MONTH_S = 30 * 24 * HOUR_S;

/** To what all processes stand on. */
export const TO_SURROUNDINGS: readonly Deed[] = [
  {
    name: 'clock jumps',
    fault: 'clock',
    weight: 2,
    run: async ({ clock }, random) => clock?.jumpTo(Math.round((random() - 0.5) * 24 * HOUR_S)),
  },
  {
    name: 'clock a month off',
    fault: 'clock',
    weight: 1,
    run: async ({ clock }, random) => clock?.jumpTo(random() < 0.5 ? MONTH_S : -MONTH_S),
  },
  fills('disk of the shards full', 'shard-disk', ({ shardDisk }) => shardDisk),
  fills('disk of the store full', 'store-disk', ({ storeDisk }) => storeDisk),
  {
    name: 'store frozen',
    fault: 'store',
    weight: 2,
    run: async ({ mongo }, random) => {
      mongo?.signal('SIGSTOP');
      await sleep(500 + 4_500 * random());
      mongo?.signal('SIGCONT');
    },
  },
  {
    name: 'store killed',
    fault: 'store',
    weight: 1,
    run: async ({ mongo }, random) => {
      await mongo?.kill();
      await sleep(2_000 * random());
      await mongo?.restart();
    },
  },
];

function fills(name: string, fault: Fault, diskOf: (world: World) => SmallDisk | undefined): Deed {
  const run = async (world: World, random: () => number): Promise<void> => {
    const signal = AbortSignal.timeout(Math.round(500 + 3_500 * random()));
    await (
      await diskOf(world)?.fill(signal)
    )?.freed;
  };
  return { name, fault, weight: 2, run };
}
