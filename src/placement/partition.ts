import { digest, HASH_END } from '../core/ids.js';
import type { Partition } from '../store/store.js';

/**
 * A partition's id: a function of categories and range alone, so that two nodes that see a category
 * first create the same document. Holds no text of the shop's, so it can name files and keys.
 */
export function partitionId({
  categories,
  from,
  to,
}: Pick<Partition, 'categories' | 'from' | 'to'>): string {
  const name = categories === 'rest' ? categories : digest(...categories);
  return `${name}-${from.toString(16)}-${to.toString(16)}`;
}

/**
 * A category's first partition, its whole range, on `nodes`. Its replicas are the first ones: no product
 * of it was written before the document, so a node that meets it need not look back.
 */
export function firstPartition(
  category: string,
  nodes: readonly string[],
): Partition & { categories: readonly [string] } {
  return { ...first([category], nodes), categories: [category] };
}

/** The same for all categories that no other partition names. */
export function restPartition(nodes: readonly string[]): Partition {
  return first('rest', nodes);
}

function first(categories: Partition['categories'], nodes: readonly string[]): Partition {
  const shape = { categories, from: 0, to: HASH_END };
  const replicas = nodes.map((node) => ({ node, state: 'serving', isFirst: true }) as const);
  return { id: partitionId(shape), ...shape, replicas, epoch: 1 };
}
