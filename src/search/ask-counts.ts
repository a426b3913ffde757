import type { Deadline } from '../core/deadline.js';
import { OmniError } from '../core/errors.js';
import { searchTurns } from '../core/fair-turns.js';
import type { PlacementCache } from '../placement/placement-cache.js';
import type { WordCounts } from '../protocol/messages.js';
import type { WordsAsked } from '../shard-client/leaf-calls.js';
import type { ShardFleet } from '../shard-client/shard-fleet.js';
import { groupOf } from '../store/partition-map.js';
import type { FanOutBounds } from './fan-out.js';
import { PlacementReshaped } from './failures.js';
import type { ShardTarget } from './plan.js';

export interface CountDeps {
  fleet: Pick<ShardFleet, 'countWords'>;
  placements: Pick<PlacementCache, 'refresh'>;
}

/** What is counted, wherever it is. */
export type CountMessage = Omit<WordsAsked, 'group' | 'counter' | 'partitions'>;

/** As the placement had it that the search goes by. */
export interface CountPlace {
  /** Of that placement. */
  counter: number;
  target: ShardTarget;
  stickyKey: number | undefined;
}

/**
 * Has one group of nodes count words. Where a node knows another placement it is asked for the partitions by
 * name. Rejects `PlacementReshaped` where they are not there any more.
 */
export async function askForCounts(
  deps: CountDeps,
  message: CountMessage,
  { counter, target, stickyKey }: CountPlace,
  { deadline, signal, span }: FanOutBounds,
): Promise<{ node: string; answer: WordCounts }> {
  const { group, nodes, partitions } = target;
  const asked = { nodes, stickyKey };
  const whole = { ...message, group, counter, partitions: null };
  const { node, answer } = await deps.fleet.countWords(asked, whole, deadline, { signal, span });
  const due = searchTurns.due(message.tenant);
  if (due !== undefined) await due;
  if (answer.type !== 'moved') return { node, answer };
  const byName = { ...whole, partitions };
  const named = await deps.fleet.countWords(asked, byName, deadline, { signal, span });
  if (named.answer.type === 'moved') {
    throw new OmniError('internal', 'a shard says of named partitions that they have moved');
  }
  const mayBeElsewhere = named.answer.hasMoved === true;
  if (mayBeElsewhere && (await areElsewhere(deps, message.tenant, target, deadline))) {
    throw new PlacementReshaped();
  }
  return { node: named.node, answer: named.answer };
}

/** Whether other nodes have them by now, or others in their place. False where nobody can say. */
async function areElsewhere(
  { placements }: Pick<CountDeps, 'placements'>,
  tenant: string,
  { group, partitions }: Pick<ShardTarget, 'group' | 'partitions'>,
  deadline: Deadline,
): Promise<boolean> {
  const reading = deadline.race(placements.refresh(tenant), 'reading the placement');
  const placement = await reading.catch(() => undefined);
  return partitions.some(({ id, epoch }) => {
    const now = placement?.partitions.find((each) => each.id === id && each.epoch === epoch);
    return placement !== undefined && (now === undefined || groupOf(now).key !== group);
  });
}
