import type { Partition, TenantPlacement } from '../store.js';
import { keyOf, PLACEMENT, type Collections, type PartitionRecord } from './collections.js';
import { duplicateKeys } from './errors.js';
import { makeTenant, type Sequence } from './sequence.js';

/**
 * Partitions, a document each. The counter of a tenant is the sum of its partitions' epochs, so it
 * cannot disagree with them. The counter over all tenants grows when a change begins and when it has
 * ended; a writer that dies between the two leaves an open range, and whoever closes that counts.
 */
export async function readPlacement(
  { partitions }: Collections,
  tenant: string,
): Promise<TenantPlacement> {
  const records = await partitions.find({ tenant }, { sort: { _id: 1 } }).toArray();
  const counter = records.reduce((sum, { epoch }) => sum + epoch, 0);
  return { counter, partitions: records.map(toPartition) };
}

/** The counter over all tenants. While a change is under way it has another value at every look. */
export class PlacementCounter {
  private looks = 0;

  async read({ tenants }: Collections): Promise<number> {
    const projection = { sequence: 1, open: 1 };
    const record = await tenants.findOne({ _id: PLACEMENT }, { projection });
    if (record === null) return 0;
    if (record.open.length === 0) {
      this.looks = 0;
      return record.sequence;
    }
    // What was read beside this value may be old, and others may build on the change already.
    this.looks += 1;
    return record.sequence + this.looks / (this.looks + 1);
  }
}

/** Creates those that are not there yet. */
export async function addPartitions(
  collections: Collections,
  sequence: Sequence,
  tenant: string,
  wanted: readonly Partition[],
): Promise<TenantPlacement> {
  const stored = await readPlacement(collections, tenant);
  const ids = new Set(stored.partitions.map(({ id }) => id));
  const missing = wanted.filter(({ id }) => !ids.has(id));
  if (missing.length === 0) return stored;
  await makeTenant(collections.tenants, tenant);
  await announcing(sequence, async () => {
    const operations = missing.map((partition) => ({
      insertOne: { document: toRecord(tenant, partition) },
    }));
    // Another node may place the same category at the same time: the first one stands.
    await collections.partitions.bulkWrite(operations, { ordered: false }).catch(duplicateKeys);
  });
  return readPlacement(collections, tenant);
}

/** Compare-and-set on the epoch. */
export async function replacePartition(
  { partitions }: Collections,
  sequence: Sequence,
  tenant: string,
  next: Partition,
  expectedEpoch: number,
): Promise<boolean> {
  const _id = keyOf(tenant, next.id);
  const stored = await partitions.findOne({ _id }, { projection: { epoch: 1 } });
  if (stored?.epoch !== expectedEpoch) return false;
  return announcing(sequence, async () => {
    const record = toRecord(tenant, { ...next, epoch: expectedEpoch + 1 });
    const { matchedCount } = await partitions.replaceOne({ _id, epoch: expectedEpoch }, record);
    return matchedCount === 1;
  });
}

async function announcing<T>(sequence: Sequence, change: () => Promise<T>): Promise<T> {
  const range = await sequence.begin(PLACEMENT, 1);
  const result = await change();
  if (await sequence.end(range, { sequence: 1 })) return result;
  // Another closed it already, perhaps before the change: taking a number announces it again.
  await sequence.end(await sequence.begin(PLACEMENT, 1));
  return result;
}

function toRecord(tenant: string, partition: Partition): PartitionRecord {
  const { id, category, from, to, shard, epoch } = partition;
  return { _id: keyOf(tenant, id), tenant, id, category, from, to, shard, epoch };
}

function toPartition({ id, category, from, to, shard, epoch }: PartitionRecord): Partition {
  return { id, category, from, to, shard, epoch };
}
