/** A partition as a request names it. A shard that holds another epoch of it refuses. */
export interface PartitionRef {
  id: string;
  epoch: number;
}

/**
 * The partitions of a request as one string, `id@epoch` joined by commas: made once a plan, and on
 * the shard the key under which the rows it stands for are remembered.
 */
export function encodePartitions(partitions: readonly PartitionRef[]): string {
  return partitions.map((partition) => `${partition.id}@${partition.epoch}`).join(',');
}

export function decodePartitions(list: string): PartitionRef[] {
  if (list === '') return [];
  return list.split(',').map((item) => {
    const at = item.lastIndexOf('@');
    return { id: item.slice(0, at), epoch: Number(item.slice(at + 1)) };
  });
}
