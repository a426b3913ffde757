import type { Refusal, SearchLeaf } from '../../protocol/messages.js';
import { decodePartitions, type PartitionRef } from '../../protocol/partition-list.js';
import type { Partition } from '../../store/store.js';
import type { Assignment } from '../follow/assignment.js';
import type { Follower } from '../follow/follower.js';
import { PartitionSet } from '../leaf/partition-set.js';

/** What of a tenant is here: that of an open one, or nothing. */
export type SearchableTenant = Pick<
  Follower,
  'index' | 'assignment' | 'loaded' | 'isReady' | 'readyCount'
>;

/** The same for the words of all of it. */
export type CountableTenant = Pick<Follower, 'index' | 'assignment' | 'allReady'>;

/** What of a request can be searched now. */
export interface PartitionChoice {
  partitions: PartitionSet;
  refused: Refusal[];
}

interface Known extends PartitionChoice {
  /** Of one assignment partitions only become ready: by their number it is seen whether any has. */
  readyCount: number;
  loaded: boolean;
}

/** Different requests remembered of an assignment. */
const MAX_CHOICES = 64;
const choices = new WeakMap<Assignment, Map<string, Known>>();

/**
 * Which of the partitions asked for can be searched now; undefined where the request and this shard
 * know different placements. Worked out once for all requests that ask the same: a tenant may have a
 * thousand partitions.
 */
export function choosePartitions(
  tenant: SearchableTenant,
  request: SearchLeaf,
): PartitionChoice | undefined {
  const { assignment, readyCount, loaded } = tenant;
  const { partitions, categories, counter } = request;
  if (partitions === null && assignment.counter !== counter) return undefined;
  const key =
    categories === undefined ? (partitions ?? '') : JSON.stringify([partitions, categories]);
  let known = choices.get(assignment);
  if (known === undefined || known.size >= MAX_CHOICES) {
    known = new Map();
    choices.set(assignment, known);
  }
  let choice = known.get(key);
  if (choice?.readyCount !== readyCount || choice.loaded !== loaded) {
    choice = { ...choose(tenant, request), readyCount, loaded };
    known.set(key, choice);
  }
  return choice;
}

/** Whether the assignment has every partition that the request names, or is as new as its counter. */
export function areKnown(
  assignment: Assignment | undefined,
  { counter, partitions }: SearchLeaf,
): boolean {
  if (assignment === undefined) return false;
  if (partitions === null) return assignment.counter >= counter;
  return decodePartitions(partitions).every(({ id, epoch }) => assignment.get(id)?.epoch === epoch);
}

function choose(tenant: SearchableTenant, request: SearchLeaf): PartitionChoice {
  const { assignment } = tenant;
  const { categories } = request;
  const refs: readonly PartitionRef[] =
    request.partitions === null ? assignment.partitions : decodePartitions(request.partitions);
  const wanted = categories && assignment.holding(categories);
  const searched = new Set<Partition>();
  const refused: Refusal[] = [];
  for (const { id, epoch } of refs) {
    const held = assignment.get(id);
    if (held !== undefined && wanted?.has(held) === false) continue;
    if (held?.epoch === epoch && tenant.isReady(held)) {
      searched.add(held);
      continue;
    }
    const foreign = tenant.loaded && held?.epoch !== epoch;
    refused.push({ partition: id, reason: foreign ? 'wrong_shard' : 'not_ready' });
  }
  const hashesOf = (category: string): Partition[] =>
    [...assignment.holding([category])].filter((partition) => searched.has(partition));
  return { partitions: new PartitionSet(hashesOf), refused };
}
