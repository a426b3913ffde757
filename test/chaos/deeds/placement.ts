import type { Cluster } from '../../e2e/cluster.js';
import { CATEGORIES } from '../clients.js';
import { SHARDS, type World } from '../world.js';
import { pick, type Deed } from './deed.js';

/** Most wait for the one before, and are refused. */
export const TO_PARTITIONS: readonly Deed[] = [
  changes('partition moved', 1, (at, random) => reshape(at, random, 'move')),
  changes('partition split', 1, (at, random) => reshape(at, random, 'split')),
  changes('category split', 3, (at, random) => ofCategory(at, random, 'split')),
  changes('category merged', 3, (at, random) => ofCategory(at, random, 'merge')),
  changes('partition let go', 1, (at, random) => reshape(at, random, 'pin')),
];

function changes(
  name: string,
  weight: number,
  change: (at: Cluster, random: () => number) => Promise<unknown>,
): Deed {
  const run = async ({ cluster }: World, random: () => number): Promise<void> => {
    // What cannot be now is refused, and that is all; a query node that is killed answers nothing.
    await change(cluster, random).catch(() => undefined);
  };
  return { name, fault: 'placement', weight, run };
}

async function ofCategory(
  at: Cluster,
  random: () => number,
  verb: 'split' | 'merge',
): Promise<void> {
  const category = `Category ${Math.floor(random() * CATEGORIES)}`;
  await at.post(`/admin/placement/${verb}`, { tenant: 'default', category });
}

/** Of a partition as it is now. */
async function reshape(
  at: Cluster,
  random: () => number,
  verb: 'move' | 'split' | 'pin',
): Promise<void> {
  const partitions = await at.partitions();
  if (partitions.length === 0) return;
  const from = Math.floor(random() * SHARDS.length);
  const more = {
    move: { to: [SHARDS[from], SHARDS[(from + 1) % SHARDS.length]] },
    pin: { pinned: false },
    split: {},
  };
  const { id } = pick(partitions, random);
  await at.post(`/admin/placement/${verb}`, { tenant: 'default', partition: id, ...more[verb] });
}
