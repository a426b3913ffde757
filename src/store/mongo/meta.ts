import { randomBytes } from 'node:crypto';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';
import type { Collections } from './collections.js';
import { isDuplicateKey } from './errors.js';

/** The layout this code reads and writes: raise it with every change to records or indexes. */
const FORMAT = 4;
const STORE = 'store';
const MODEL = 'model';
const PROBE = 'probe';

/** Gives a new store its id and format; several may try at once. */
export async function initialiseMeta({ meta }: Collections): Promise<void> {
  if ((await meta.findOne({ _id: STORE })) !== null) return;
  const storeId = randomBytes(16).toString('hex');
  try {
    await meta.insertOne({ _id: STORE, format: FORMAT, storeId });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** The store's id. Throws `unavailable` while nobody has given it one, and for another format. */
export async function readStoreId({ meta }: Collections): Promise<string> {
  const store = await meta.findOne({ _id: STORE });
  if (store === null) {
    throw new OmniError('unavailable', 'the store is not there yet', {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const { format, storeId } = store;
  if (format === FORMAT && typeof storeId === 'string') return storeId;
  const message = `the store has format ${String(format)}, this program reads ${FORMAT}`;
  throw new OmniError('unavailable', message);
}

export async function readModel({ meta }: Collections): Promise<ModelIdentity | undefined> {
  const model = await meta.findOne({ _id: MODEL }, { projection: { _id: 0 } });
  return model === null ? undefined : (model as unknown as ModelIdentity);
}

/** A tiny write: rejects where a write would. */
export async function probe({ meta }: Collections): Promise<void> {
  await meta.updateOne({ _id: PROBE }, { $set: { atMs: Date.now() } }, { upsert: true });
}

export async function writeModel({ meta }: Collections, model: ModelIdentity): Promise<void> {
  const { name, fingerprint, dimensions } = model;
  await meta.replaceOne({ _id: MODEL }, { name, fingerprint, dimensions }, { upsert: true });
}
