import { randomBytes } from 'node:crypto';
import type { Database } from 'lmdb';
import { OmniError } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';

/** The layout this code reads and writes: raise it with every change to keys or records. */
const FORMAT = 1;

/** The sub-database; passed on its own, for a check before the others are opened. */
interface MetaDatabase {
  meta: Database<Buffer, Buffer>;
}

/** What concerns the whole store, as JSON by name. */
interface Meta {
  format: number;
  /** 128 random bits in hex. */
  storeId: string;
  model: ModelIdentity;
  placementCounter: number;
  products: number;
}

export function readMeta<K extends keyof Meta>(db: MetaDatabase, name: K): Meta[K] | undefined {
  const bytes = db.meta.get(Buffer.from(name));
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Meta[K]);
}

/** Within a write transaction. */
export function writeMeta<K extends keyof Meta>(db: MetaDatabase, name: K, value: Meta[K]): void {
  db.meta.putSync(Buffer.from(name), Buffer.from(JSON.stringify(value)));
}

/** Within a write transaction: gives a new store its id and format. */
export function initialiseMeta(db: MetaDatabase): void {
  if (readMeta(db, 'format') !== undefined) return;
  writeMeta(db, 'storeId', randomBytes(16).toString('hex'));
  writeMeta(db, 'format', FORMAT);
}

/** Throws `unavailable` when a newer program wrote this store. A store without a format is new. */
export function checkFormat(db: MetaDatabase): void {
  const format = readMeta(db, 'format') ?? FORMAT;
  if (format === FORMAT) return;
  const message = `the store has format ${format}, this program reads ${FORMAT}`;
  throw new OmniError('unavailable', message);
}

/** The store's id; `unavailable` while nobody has given it one. */
export function readStoreId(db: MetaDatabase): string {
  const storeId = readMeta(db, 'storeId');
  if (storeId !== undefined) return storeId;
  throw new OmniError('unavailable', 'the store is being made', { retryAfterMs: 1000 });
}
