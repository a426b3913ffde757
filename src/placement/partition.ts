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
 * A category's first partition, its whole range, on `nodes`. Its replicas are the first ones: no product
 * of it was written before the document, so a node that meets it need not look back.
 */
export function firstPartition(
  category: string,
  nodes: readonly string[],
): Partition & { categories: readonly [string] } {
  const id = partitionId(category, 0, HASH_END);
  const replicas = nodes.map((node) => ({ node, state: 'serving', isFirst: true }) as const);
  return { id, categories: [category], from: 0, to: HASH_END, replicas, epoch: 1 };
}
