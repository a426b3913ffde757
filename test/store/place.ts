import type { Partition, Store, StoreReader, TenantPlacement } from '../../src/store/store.js';
import { StoredTextRow } from '../../src/store/stored-text.js';
import type { NamedVectors, Product } from '../../src/core/product.js';

/** Adds those of `partitions` whose ids are not in the tenant's placement. */
export async function place(
  store: Store,
  tenant: string,
  partitions: readonly Partition[],
): Promise<TenantPlacement> {
  const { partitions: there, counter } = await store.placement(tenant);
  const missing = partitions.filter(({ id }) => !there.some((partition) => partition.id === id));
  if (
    missing.length > 0 &&
    !(await store.replacePlacement(tenant, [...there, ...missing], counter))
  ) {
    return place(store, tenant, partitions);
  }
  return store.placement(tenant);
}

/** Gives a partition to another shard, at the next epoch; false when another writer was first. */
export async function move(
  store: Store,
  tenant: string,
  { id, epoch }: Pick<Partition, 'id' | 'epoch'>,
  shard: string,
): Promise<boolean> {
  const { partitions, counter } = await store.placement(tenant);
  const next = partitions.map((each) =>
    each.id === id && each.epoch === epoch ? { ...each, shard, epoch: epoch + 1 } : each,
  );
  return store.replacePlacement(tenant, next, counter);
}

/** The partition that names `category`. */
export async function partitionOf(
  store: StoreReader,
  tenant: string,
  category: string,
): Promise<Partition> {
  const { partitions } = await store.placement(tenant);
  const found = partitions.find(({ categories }) => categories.includes(category));
  if (found === undefined) throw new Error(`${category} has no partition`);
  return found;
}

/** A row as a store answers it. */
export function storedRow(row: {
  version: number;
  product: Product;
  model: string;
  vectors: NamedVectors;
}): StoredTextRow {
  return new StoredTextRow(row.version, JSON.stringify(row.product), row.model, row.vectors);
}
