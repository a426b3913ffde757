import { groupOf } from '../store/partition-map.js';
import type { Partition, Replica } from '../store/store.js';

/** Partitions of which a node's replicas are being built. */
export function buildingOn(partitions: readonly Partition[]): ReadonlyMap<string, Partition[]> {
  const byNode = new Map<string, Partition[]>();
  for (const partition of partitions) {
    for (const { node, state } of partition.replicas) {
      if (state !== 'building') continue;
      const held = byNode.get(node);
      if (held === undefined) byNode.set(node, [partition]);
      else held.push(partition);
    }
  }
  return byNode;
}

/** What of `built`, partitions as they were, is complete on `node` serves from now on. */
export function withServing(
  partitions: readonly Partition[],
  node: string,
  built: readonly Partition[],
): Partition[] {
  const on = ({ replicas }: Partition): Replica | undefined =>
    replicas.find((replica) => replica.node === node);
  const asBuilt = new Map(built.map((partition) => [partition.id, partition]));
  return partitions.map((partition) => {
    const before = asBuilt.get(partition.id);
    // It may have gone and come again meanwhile, or have other rows.
    if (before?.epoch !== partition.epoch || on(before)?.since !== on(partition)?.since) {
      return partition;
    }
    return changed(partition, (replica) => {
      if (replica.node !== node || replica.state !== 'building') return replica;
      const built: Replica = { ...replica, state: 'serving' };
      delete built.lateSince;
      return built;
    });
  });
}

/**
 * `nodes` are asked for nothing from now on that others have as well, and no write waits for them: what serves there
 * is built again. `counter` is that of the placement that will say so.
 */
export function withLate(
  partitions: readonly Partition[],
  nodes: ReadonlySet<string>,
  counter: number,
): Partition[] {
  return partitions.map((partition) => {
    if (groupOf(partition).asked.every((node) => nodes.has(node))) return partition;
    return changed(partition, (replica) => {
      if (!nodes.has(replica.node) || replica.state === 'building') return replica;
      if (replica.state === 'serving') return { ...replica, state: 'building', lateSince: counter };
      return replica.lateSince === undefined
        ? { ...replica, isUnasked: true, lateSince: counter }
        : replica;
    });
  });
}

/** Nothing is asked any more of replicas that are leaving, of partitions of which all others serve. */
export function withUnasked(partitions: readonly Partition[]): Partition[] {
  return partitions.map((partition) =>
    changed(partition, (replica) => {
      const isDue = replica.state === 'leaving' && replica.isUnasked !== true;
      return isDue && doOthersServe(partition) ? { ...replica, isUnasked: true } : replica;
    }),
  );
}

/** Those go that are asked for nothing any more. */
export function withoutLeaving(partitions: readonly Partition[]): Partition[] {
  return partitions.map((partition) =>
    changed(partition, (replica) =>
      replica.isUnasked === true && doOthersServe(partition) ? undefined : replica,
    ),
  );
}

function doOthersServe({ replicas }: Partition): boolean {
  const others = replicas.filter(({ state }) => state !== 'leaving');
  return others.length > 0 && others.every(({ state }) => state === 'serving');
}

/** One that was leaving stays: it is whole still, unless it is late. */
export function staying(replica: Replica): Replica {
  if (replica.state !== 'leaving') return replica;
  const stays: Replica = {
    ...replica,
    state: replica.lateSince === undefined ? 'serving' : 'building',
  };
  delete stays.isUnasked;
  return stays;
}

/** The same partition where nothing of it changes. */
function changed(partition: Partition, to: (replica: Replica) => Replica | undefined): Partition {
  const replicas = partition.replicas.flatMap((replica) => to(replica) ?? []);
  const isSame =
    replicas.length === partition.replicas.length &&
    replicas.every((replica, i) => replica === partition.replicas[i]);
  return isSame ? partition : { ...partition, replicas };
}

/** Every replica serves: nothing is under way. */
export function isSettled(partitions: readonly Partition[]): boolean {
  return partitions.every(({ replicas }) => replicas.every(({ state }) => state === 'serving'));
}
