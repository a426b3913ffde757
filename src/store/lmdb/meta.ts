import { randomBytes } from 'node:crypto';
import { OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import type { ModelIdentity } from '../../core/product.js';
import type { Bytes, Table } from './table.js';

interface WithMeta {
  meta: Table;
}

/** The layout this code reads and writes: raise it with every change to keys or records. */
const FORMAT = 5;
const FORMAT_KEY = Buffer.from('format');

/** What concerns the whole store, as JSON by name; and the format, in digits. */
interface Meta {
  /** 128 random bits in hex. */
  storeId: string;
  model: ModelIdentity;
  /** How often any tenant changed. */
  changes: number;
  products: number;
  /** How often any record that is told changed. */
  recordLog: number;
  /** Of the latest look whether a write succeeds, epoch ms. */
  probedAtMs: number;
}

export function readMeta<K extends keyof Meta>(db: WithMeta, name: K): Meta[K] | undefined {
  const bytes = db.meta.get(Buffer.from(name));
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Meta[K]);
}

/** Within a write transaction. */
export function writeMeta<K extends keyof Meta>(db: WithMeta, name: K, value: Meta[K]): void {
  db.meta.put(Buffer.from(name), Buffer.from(JSON.stringify(value)));
}

/** Within a write transaction: gives a new store its id and format. */
export function initialiseMeta(db: WithMeta): void {
  if (readMeta(db, 'storeId') !== undefined) return;
  writeMeta(db, 'storeId', randomBytes(16).toString('hex'));
  // Whatever follows in a value, its digits end here: any program can read them.
  db.meta.put(FORMAT_KEY, Buffer.from(`${FORMAT} `));
}

/** Throws `unavailable` when another program wrote this store. `meta` is the sub-database itself. */
export function checkFormat(meta: Bytes): void {
  const value = meta.get(FORMAT_KEY)?.toString('latin1') ?? String(FORMAT);
  const [format = 'unknown'] = /^\d+/.exec(value) ?? [];
  if (format === String(FORMAT)) return;
  const message = `the store has format ${format}, this program reads ${FORMAT}`;
  throw new OmniError('unavailable', message);
}

/** The store's id; `unavailable` while nobody has given it one. */
export function readStoreId(db: WithMeta): string {
  const storeId = readMeta(db, 'storeId');
  if (storeId !== undefined) return storeId;
  throw new OmniError('unavailable', 'the store is being made', { retryAfterMs: RETRY_AFTER_MS });
}
