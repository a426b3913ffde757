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

/** What is complete on `node` serves from now on. */
export function withServing(
  partitions: readonly Partition[],
  node: string,
  complete: ReadonlySet<string>,
): Partition[] {
  return partitions.map((partition) => {
    if (!complete.has(partition.id)) return partition;
    return changed(partition, (replica) => {
      const isBuilt = replica.node === node && replica.state === 'building';
      return isBuilt ? { node, state: 'serving' } : replica;
    });
  });
}

/** Replicas go that are leaving, of partitions of which all others serve. */
export function withoutLeaving(partitions: readonly Partition[]): Partition[] {
  return partitions.map((partition) => {
    const others = partition.replicas.filter(({ state }) => state !== 'leaving');
    const areServing = others.length > 0 && others.every(({ state }) => state === 'serving');
    return areServing ? changed(partition, (replica) => keptUnlessLeaving(replica)) : partition;
  });
}

function keptUnlessLeaving(replica: Replica): Replica | undefined {
  return replica.state === 'leaving' ? undefined : replica;
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
