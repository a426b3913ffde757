import type { PackedPrices } from '../../src/core/price-entries.js';
import type {
  Partition,
  Replica,
  Store,
  StoreReader,
  TenantPlacement,
} from '../../src/store/store.js';
import { StoredTextRow } from '../../src/store/stored-text.js';
import type { NamedVectors, Product } from '../../src/core/product.js';

/** The replicas of a partition that these nodes serve, and no others. */
export function serving(...nodes: readonly string[]): Replica[] {
  return nodes.map((node) => ({ node, state: 'serving' }));
}

/** Those of `partitions` that the node has something of, in whatever state. */
export function heldBy<T extends Partition>(node: string, partitions: readonly T[]): T[] {
  return partitions.filter(({ replicas }) => replicas.some((replica) => replica.node === node));
}

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

/** Gives a partition other replicas at once; false when another writer was first. */
export async function replicate(
  store: Store,
  tenant: string,
  { id }: Pick<Partition, 'id'>,
  replicas: readonly Replica[],
): Promise<boolean> {
  const { partitions, counter } = await store.placement(tenant);
  const next = partitions.map((each) => (each.id === id ? { ...each, replicas } : each));
  return store.replacePlacement(tenant, next, counter);
}

/** Gives a partition to another node, whether or not it has anything of it; as `replicate`. */
export async function move(
  store: Store,
  tenant: string,
  partition: Pick<Partition, 'id'>,
  node: string,
): Promise<boolean> {
  const { counter } = await store.placement(tenant);
  return replicate(store, tenant, partition, [{ node, state: 'serving', since: counter + 1 }]);
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
  prices?: PackedPrices;
}): StoredTextRow {
  const { version, product, model, vectors, prices } = row;
  return new StoredTextRow(version, JSON.stringify(product), model, vectors, prices);
}
