import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../world.js';
import { pick, type Deed } from './deed.js';

type Role = 'query-node' | 'shard-node';

export const TO_SHARDS: readonly Deed[] = [
  ends('shard killed', 3, 'shard-node', 'SIGKILL'),
  ends('shard restarted', 1, 'shard-node', 'SIGTERM'),
  {
    name: 'shard frozen',
    fault: 'freeze',
    weight: 3,
    run: async ({ cluster }, random) => {
      const pid = pick(cluster.pids('shard-node'), random);
      kill(pid, 'SIGSTOP');
      await sleep(300 + 2_500 * random());
      kill(pid, 'SIGCONT');
    },
  },
];

export const TO_QUERY_NODES: readonly Deed[] = [
  ends('query node killed', 1, 'query-node', 'SIGKILL'),
  ends('query node restarted', 1, 'query-node', 'SIGTERM'),
];

function ends(name: string, weight: number, role: Role, signal: NodeJS.Signals): Deed {
  const run = async ({ cluster }: World, random: () => number): Promise<void> =>
    kill(pick(cluster.pids(role), random), signal);
  return { name, fault: 'kill', weight, run };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
