import type { AnyBulkWriteOperation, Collection, MongoBulkWriteError } from 'mongodb';
import type { Collections, ProductRecord } from './collections.js';
import { duplicateKeys } from './errors.js';
import type { Scope } from './sequence.js';

/** Places of the operations that met another's document, and of those that made one. */
interface BulkOutcome {
  refused: number[];
  inserted: number[];
}

/** One command; the server works on it for at most `timeoutMs`. Throws when its outcome is unknown. */
export async function writeBulk(
  { products }: Collections,
  operations: AnyBulkWriteOperation<ProductRecord>[],
  timeoutMs: number,
  scope: Scope = {},
): Promise<BulkOutcome> {
  const places = (ids: object): number[] => Object.keys(ids).map(Number);
  try {
    const options = { ordered: false, maxTimeMS: timeoutMs, ...scope };
    const { upsertedIds } = await products.bulkWrite(operations, options);
    return { refused: [], inserted: places(upsertedIds) };
  } catch (error) {
    const refused = duplicateKeys(error);
    return { refused, inserted: places((error as MongoBulkWriteError).upsertedIds) };
  }
}

/**
 * Removes what still has the version that was read, in the order in which all writers go; returns how
 * many.
 */
export async function deleteVersions(
  products: Collection<ProductRecord>,
  found: readonly Pick<ProductRecord, '_id' | 'version'>[],
  scope: Scope = {},
): Promise<number> {
  if (found.length === 0) return 0;
  const operations = [...found]
    .sort((a, b) => (a._id < b._id ? -1 : 1))
    .map(({ _id, version }) => ({ deleteOne: { filter: { _id, version } } }));
  return (await products.bulkWrite(operations, { ordered: false, ...scope })).deletedCount;
}
