import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacementClient } from './placement-client.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Resolves once nothing moves any more: every replica of every tenant serves. `say` is told of the progress. Rejects
 * with the signal's reason, and then what moves goes on.
 */
export async function awaitSettled(
  client: PlacementClient,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let before = 0;
  for (;;) {
    const moving = await movingPartitions(client, signal);
    if (moving === 0) return;
    if (moving !== before) say(`${moving} ${moving === 1 ? 'partition moves' : 'partitions move'}`);
    before = moving;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function movingPartitions(client: PlacementClient, signal: AbortSignal): Promise<number> {
  let moving = 0;
  for await (const { partitions } of client.pages(undefined, signal)) {
    for (const { replicas } of partitions) {
      if (replicas.some(({ state }) => state !== 'serving')) moving += 1;
    }
  }
  return moving;
}
