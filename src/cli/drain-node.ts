import { setTimeout as sleep } from 'node:timers/promises';
import type { PlacementClient } from './placement-client.js';
import { totalText } from './placement-tables.js';

const LOOK_EVERY_MS = 1_000;

/** What is still on a node; of many partitions not all are counted. */
interface Left {
  partitions: number;
  rows: number;
  isAll: boolean;
}

/**
 * Drains a node; resolves once nothing is left there. `say` is told of the progress. Rejects with the
 * signal's reason, and then the drain goes on.
 */
export async function drainNode(
  client: PlacementClient,
  node: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const begun = await client.drain(node, signal);
  if (begun.total.moves > 0) say(`moving ${totalText(begun)}`);
  let before = '';
  for (;;) {
    const left = await leftOn(client, node, signal);
    if (left.partitions === 0) return;
    const line = leftText(node, left);
    if (line !== before) say(line);
    before = line;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function leftOn(client: PlacementClient, node: string, signal: AbortSignal): Promise<Left> {
  const { partitions, next_cursor } = await client.page({ node }, signal);
  const rows = partitions.reduce((sum, partition) => sum + partition.rows, 0);
  return { partitions: partitions.length, rows, isAll: next_cursor === undefined };
}

function leftText(node: string, { partitions, rows, isAll }: Left): string {
  if (!isAll) return `${node}: more than ${partitions} partitions left`;
  return `${node}: ${partitions} ${partitions === 1 ? 'partition' : 'partitions'} left, ${rows} rows`;
}
