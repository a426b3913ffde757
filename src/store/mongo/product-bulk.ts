import type { AnyBulkWriteOperation, MongoBulkWriteError } from 'mongodb';
import type { Collections, ProductRecord } from './collections.js';
import { duplicateKeys } from './errors.js';

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
): Promise<BulkOutcome> {
  const places = (ids: object): number[] => Object.keys(ids).map(Number);
  try {
    const options = { ordered: false, maxTimeMS: timeoutMs };
    const { upsertedIds } = await products.bulkWrite(operations, options);
    return { refused: [], inserted: places(upsertedIds) };
  } catch (error) {
    const refused = duplicateKeys(error);
    return { refused, inserted: places((error as MongoBulkWriteError).upsertedIds) };
  }
}
