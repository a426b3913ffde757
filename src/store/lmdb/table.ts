import type { Database, RangeOptions } from 'lmdb';
import { crc32c } from '../../core/crc32c.js';
import { OmniError } from '../../core/errors.js';
import type { DamageLog } from '../damage-log.js';

/** A sub-database with bytes for keys and bytes for values. */
export type Bytes = Database<Buffer, Buffer>;

type Range = Pick<RangeOptions, 'limit' | 'transaction' | 'reverse'> & {
  start?: Buffer;
  end?: Buffer;
};

export const CRC_BYTES = 4;

/** The table of the copies of other tables' values. */
export const COPIES = 'copies';

export const VECTORS = 'vectors';
/** The tables of parts of vectors, and of those that are not needed any more. */
export const BLOCKS = 'blocks';
export const FREE_BLOCKS = 'free';

const APPEND = { append: true };

/** What LMDB tells of an append: its types leave it out. */
interface Appending {
  putSync(key: Buffer, value: Buffer, options: typeof APPEND): boolean;
}

/** All tables of a store: a damaged name would be an empty table. */
export const TABLE_NAMES: ReadonlySet<string> = new Set([
  ...['meta', COPIES, 'tenants', 'heads', 'documents', VECTORS, BLOCKS, FREE_BLOCKS],
  ...['feed', 'tombstones'],
  ...['categories', 'fields', 'placements', 'records', 'changes', 'spool', 'told'],
]);

/** LMDB's own words for a tree that is damaged. */
const DAMAGED_TREE = [-30797, -30796, -30793, -30782, -30418];

/** A value with room for its checksum at the end, and the checksum of all before that room. */
export interface Sealable {
  bytes: Buffer;
  crc: number;
}

/**
 * A sub-database whose values end with a CRC-32C of themselves and of their key, so that a changed
 * byte is noticed, and a value under another's key as well. What fails the check is named in the
 * damage log and is as if it were absent; it can be overwritten and removed. Of tables with copies
 * the copy is read instead, and when that is damaged too, reading throws `unavailable`.
 */
export class Table {
  /** @param copies where each value is kept once more, of tables that nothing else could restore */
  constructor(
    private readonly db: Bytes,
    readonly name: string,
    private readonly damage: DamageLog,
    private readonly copies?: Bytes,
  ) {}

  get(key: Buffer): Buffer | undefined {
    let bytes: Buffer | undefined;
    try {
      bytes = ownCopy(this.db.getBinaryFast(key));
    } catch (error) {
      if (!isDamagedTree(error)) throw error;
      // The snapshot is spoilt for every further read.
      this.db.resetReadTxn();
      return this.restored(key);
    }
    return bytes === undefined ? undefined : (unsealed(key, bytes) ?? this.restored(key));
  }

  /** Copies the value to `target` at `at`: how long it is, undefined when there is none that is sound. */
  copyTo(key: Buffer, target: Buffer, at: number): number | undefined {
    let bytes: Buffer | undefined;
    try {
      // LMDB's own buffer, until the next read.
      bytes = this.db.getBinaryFast(key);
    } catch (error) {
      if (!isDamagedTree(error)) throw error;
      this.db.resetReadTxn();
    }
    const end = (bytes?.length ?? 0) - CRC_BYTES;
    if (bytes === undefined || end < 0) return undefined;
    if (at + end > target.length) return undefined;
    target.set(bytes.subarray(0, end), at);
    const crc = crc32c(key, crc32c(target, 0, at, at + end));
    return bytes.readUInt32BE(end) === crc ? end : undefined;
  }

  /** Whether there is a value, damaged or not. */
  has(key: Buffer): boolean {
    return this.db.doesExist(key);
  }

  /** Whether there is a value, and it is damaged. */
  isDamaged(key: Buffer): boolean {
    return this.get(key) === undefined && this.has(key);
  }

  /** Whether it was met damaged, without looking again. */
  isKnownDamaged(key: Buffer): boolean {
    return this.damage.has(this.name, key);
  }

  /** Within a write transaction. */
  put(key: Buffer, body: Uint8Array): void {
    const bytes = Buffer.allocUnsafe(body.length + CRC_BYTES);
    bytes.set(body);
    this.putSealed(key, { bytes, crc: crc32c(body) });
  }

  /**
   * Within a write transaction; fills in the checksum.
   *
   * @param isLast the key is behind all others: LMDB then fills its pages to the end
   */
  putSealed(key: Buffer, { bytes, crc }: Sealable, isLast = false): void {
    bytes.writeUInt32BE(crc32c(key, crc), bytes.length - CRC_BYTES);
    if (isLast) this.append(key, bytes);
    else this.db.putSync(key, bytes);
    this.copies?.putSync(this.copyKey(key), bytes);
    this.forgetDamage(key);
  }

  /** Throws where the key would not be the last: then nothing is written. */
  private append(key: Buffer, bytes: Buffer): void {
    const db = this.db as unknown as Appending;
    if (!db.putSync(key, bytes, APPEND)) throw new Error('a value that was to be the last is not');
  }

  /** Within a write transaction. */
  remove(key: Buffer): void {
    this.db.removeSync(key);
    this.copies?.removeSync(this.copyKey(key));
    this.forgetDamage(key);
  }

  /** Sound values, in the order of their keys; `onDamaged` may say what a damaged one was. */
  *entries(
    range: Range,
    onDamaged?: (key: Buffer) => Buffer | undefined,
  ): Generator<{ key: Buffer; value: Buffer }> {
    for (const { key, value } of this.db.getRange(range)) {
      const sound = unsealed(key, value) ?? this.restored(key) ?? onDamaged?.(key);
      if (sound !== undefined) yield { key, value: sound };
    }
  }

  keys(range: Range): Iterable<Buffer> {
    // A copy: lmdb-js notes in it that no values are wanted.
    return this.db.getKeys({ ...range });
  }

  /** As what is damaged, in the damage log. */
  nameDamaged(key: Buffer): void {
    this.damage.add(key, { ...describe(key), what: this.name });
  }

  /** The value's copy, if that is sound. */
  private restored(key: Buffer): Buffer | undefined {
    this.nameDamaged(key);
    if (this.copies === undefined) return undefined;
    const copy = this.copies.get(this.copyKey(key));
    const sound = copy && unsealed(key, copy);
    if (sound !== undefined) return sound;
    // As if it were absent, a tenant would begin anew over what it has.
    const { tenant } = describe(key);
    throw new OmniError('unavailable', `${this.name} of ${tenant} in the store are damaged`);
  }

  private forgetDamage(key: Buffer): void {
    this.damage.forget(this.name, key);
    if (this.copies !== undefined) this.damage.forget(COPIES, this.copyKey(key));
  }

  private copyKey(key: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${this.name}\0`), key]);
  }
}

/**
 * LMDB reuses what it reads into, of which only the first `length` bytes are the value. A copy in Node's pool of small
 * buffers costs a fraction of one with memory of its own.
 */
function ownCopy(read: Buffer | undefined): Buffer | undefined {
  return read && Buffer.from(read.subarray(0, read.length));
}

/** The value without its checksum; undefined when that is not right. */
export function unsealed(key: Buffer, bytes: Buffer): Buffer | undefined {
  const end = bytes.length - CRC_BYTES;
  if (end < 0 || bytes.readUInt32BE(end) !== crc32c(key, crc32c(bytes, 0, 0, end)))
    return undefined;
  return bytes.subarray(0, end);
}

/** Keys begin with a tenant or kind; see `keys.ts`. */
export function describe(key: Buffer): { tenant: string; id: string } {
  const end = key.indexOf(0);
  if (end <= 0) return { tenant: '', id: key.toString('hex') };
  const rest = key.subarray(end + 1);
  const isText = rest.length > 0 && rest[0] !== 0;
  return { tenant: key.toString('utf8', 0, end), id: rest.toString(isText ? 'utf8' : 'hex') };
}

/** Whether LMDB met a page that is none: the file itself is damaged, not only a value. */
export function isDamagedTree(error: unknown): boolean {
  return error instanceof Error && 'code' in error && DAMAGED_TREE.includes(error.code as number);
}
