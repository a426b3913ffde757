import { LRUCache } from 'lru-cache';

/** A partition as a request names it. A shard that holds another epoch of it refuses. */
export interface PartitionRef {
  id: string;
  epoch: number;
}

const encoded = new WeakMap<readonly PartitionRef[], string>();
/** By their text, which one search after the other repeats while the placement stands. */
const decoded = new LRUCache<string, readonly PartitionRef[]>({
  maxSize: 4 * 1024 * 1024,
  sizeCalculation: (_, list) => Math.max(1, list.length),
});

/**
 * The partitions of a request as one string, `id@epoch` joined by commas: made once a plan. A list
 * that was encoded must not be changed afterwards.
 */
export function encodePartitions(partitions: readonly PartitionRef[]): string {
  let list = encoded.get(partitions);
  if (list === undefined) {
    list = partitions.map(({ id, epoch }) => `${id}@${epoch}`).join(',');
    encoded.set(partitions, list);
  }
  return list;
}

export function decodePartitions(list: string): readonly PartitionRef[] {
  let partitions = decoded.get(list);
  if (partitions === undefined) {
    partitions = list === '' ? [] : list.split(',').map(decodePartition);
    decoded.set(list, partitions);
  }
  return partitions;
}

function decodePartition(item: string): PartitionRef {
  const at = item.lastIndexOf('@');
  return { id: item.slice(0, at), epoch: Number(item.slice(at + 1)) };
}
