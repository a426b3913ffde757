import { digest, HASH_END } from '../core/ids.js';
import type { Partition } from '../store/store.js';

/**
 * A partition's id: a function of category and range alone, so that two nodes that see a category
 * first create the same document. Holds no text of the shop's, so it can name files and keys.
 */
function partitionId(category: string, from: number, to: number): string {
  return `${digest(category)}-${from.toString(16)}-${to.toString(16)}`;
}

/**
 * A category's first partition, its whole range, on `shard`. Epoch 1 promises that no product of it
 * was written before the document: a shard that meets it need not look back. A split or a move
 * always writes a larger epoch.
 */
export function firstPartition(
  category: string,
  shard: string,
): Partition & { categories: readonly [string] } {
  const id = partitionId(category, 0, HASH_END);
  return { id, categories: [category], from: 0, to: HASH_END, shard, epoch: 1 };
}
