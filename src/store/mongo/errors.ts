import { MongoBulkWriteError, MongoServerError } from 'mongodb';

const DUPLICATE_KEY = 11_000;

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/**
 * The operations, by index, that met a document with their key, when an unordered bulk failed for no
 * other reason; otherwise throws `error` again.
 */
export function duplicateKeys(error: unknown): number[] {
  if (!(error instanceof MongoBulkWriteError)) throw error;
  const errors = [error.writeErrors].flat();
  const others = errors.some(({ code }) => code !== DUPLICATE_KEY);
  if (others || errors.length === 0 || error.result.getWriteConcernError() !== undefined) {
    throw error;
  }
  return errors.map(({ index }) => index);
}
