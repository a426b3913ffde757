import type { AskedPartitions, Refusal } from '../../protocol/messages.js';
import { decodePartitions, type PartitionRef } from '../../protocol/partition-list.js';
import type { Partition } from '../../store/store.js';
import type { Assignment } from '../follow/assignment.js';
import type { Follower } from '../follow/follower.js';
import type { Readiness } from '../follow/readiness.js';
import { PartitionSet } from '../leaf/partition-set.js';

/** What of a tenant is here: that of an open one, or nothing. */
export type SearchableTenant = Pick<Follower, 'index' | 'readiness'>;

/** What of a tenant a request is about. */
export interface AskedOf extends AskedPartitions {
  categories?: readonly string[];
}

/** What of a request can be searched now. */
export interface PartitionChoice {
  partitions: PartitionSet;
  refused: Refusal[];
  /** There are no rows of other partitions here. */
  isAll: boolean;
}

interface Known extends PartitionChoice {
  /** Of one assignment partitions only become ready: by their number it is seen whether any has. */
  readyCount: number;
  loaded: boolean;
  hasForeignRows: boolean;
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
  { readiness }: Pick<SearchableTenant, 'readiness'>,
  request: AskedOf,
): PartitionChoice | undefined {
  const { assignment, readyCount, loaded, hasForeignRows } = readiness;
  const { partitions, group, categories, counter } = request;
  if (partitions === null && assignment.counter !== counter) return undefined;
  // A group has a slash, a list has an @.
  const asked = partitions ?? group;
  const key = categories === undefined ? asked : JSON.stringify([asked, categories]);
  let known = choices.get(assignment);
  if (known === undefined || known.size >= MAX_CHOICES) {
    known = new Map();
    choices.set(assignment, known);
  }
  let choice = known.get(key);
  const isSame =
    choice?.readyCount === readyCount &&
    choice.loaded === loaded &&
    choice.hasForeignRows === hasForeignRows;
  if (choice !== undefined && isSame) return choice;
  choice = { ...choose(readiness, request), readyCount, loaded, hasForeignRows };
  known.set(key, choice);
  return choice;
}

/** Whether the assignment has every partition that the request names, or is as new as its counter. */
export function areKnown(
  assignment: Assignment | undefined,
  { counter, partitions }: AskedPartitions,
): boolean {
  if (assignment === undefined || assignment.counter < counter) return false;
  if (partitions === null) return true;
  return decodePartitions(partitions).every(({ id, epoch }) => assignment.get(id)?.epoch === epoch);
}

function choose(readiness: Readiness, request: AskedOf): PartitionChoice {
  const { assignment } = readiness;
  const { categories } = request;
  const refs: readonly PartitionRef[] =
    request.partitions === null
      ? assignment.ofGroup(request.group)
      : decodePartitions(request.partitions);
  const wanted = categories && assignment.holding(categories);
  const searched = new Set<Partition>();
  const refused: Refusal[] = [];
  for (const { id, epoch } of refs) {
    const held = assignment.get(id);
    if (held !== undefined && wanted?.has(held) === false) continue;
    // What is only built here by the placement that is known here, nobody has made current yet.
    const isAsked = held !== undefined && assignment.asked.has(held);
    if (isAsked && held.epoch === epoch && readiness.isReady(held)) {
      searched.add(held);
      continue;
    }
    const foreign = readiness.loaded && held?.epoch !== epoch;
    refused.push({ partition: id, reason: foreign ? 'wrong_shard' : 'not_ready' });
  }
  const hashesOf = (category: string): Partition[] =>
    [...assignment.holding([category])].filter((partition) => searched.has(partition));
  const isAll = !readiness.hasForeignRows && searched.size === assignment.partitions.length;
  return { partitions: new PartitionSet(hashesOf), refused, isAll };
}
