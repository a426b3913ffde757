import { setTimeout as sleep } from 'node:timers/promises';
import type { Choice, PartitionBody, PlacementClient } from './placement-client.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Merges partitions until there is one; resolves with it. `say` is told where one has to move to the others
 * first. Rejects with the signal's reason.
 */
export async function mergePartitions(
  client: PlacementClient,
  choice: Choice,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<PartitionBody[]> {
  let before = '';
  for (;;) {
    const { partitions } = await client.merge(choice, signal);
    if (partitions.length === 1) return partitions;
    const line = movingLine(partitions);
    if (line !== before) say(line);
    before = line;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function movingLine(partitions: readonly PartitionBody[]): string {
  const building = partitions.flatMap(({ replicas }) =>
    replicas.filter(({ state }) => state === 'building').map(({ node }) => node),
  );
  const left = `${partitions.length} partitions`;
  return building.length === 0
    ? left
    : `${left}, one moves to ${[...new Set(building)].join(', ')}`;
}
