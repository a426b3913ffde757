import { crc32c } from '../../core/crc32c.js';
import type { NamedVectors, Product } from '../../core/product.js';
import { NO_PRICES, type PackedPrices } from '../../core/price-entries.js';
import { StoredText } from '../stored-text.js';
import type { StoredHead } from '../store.js';
import { readUint64, writeUint64 } from '../position.js';
import { CRC_BYTES, type Sealable } from './table.js';

/**
 * How values are laid out, one kind a sub-database, so that a join pages no vectors and a look at
 * heads decodes no documents. Numbers are big-endian; vectors are float32 as memory holds them,
 * little-endian on every machine that LMDB's binaries exist for. Part of the stored format.
 */

/** A head as stored: what `heads` answers, and what the next write of this id must undo. */
export interface HeadRecord extends StoredHead {
  category: string;
  /** What document and vectors take; 0 of a tombstone. */
  documentBytes: number;
  vectorBytes: number;
  /** When it was written, epoch ms: finds a tombstone's entry in the time index. */
  writtenAtMs: number;
  /** What price lists say of it. */
  prices: PackedPrices;
}

const DELETED = 1;
const VERSIONED = 2;
const IMPORTED = 4;
const HEAD_FIXED_BYTES = 33;
const FEED_FIXED_BYTES = 5;
const VERSION_BYTES = 8;

export function encodeHead(head: HeadRecord): Buffer {
  const fixed = Buffer.alloc(HEAD_FIXED_BYTES);
  fixed[0] =
    (head.deleted ? DELETED : 0) |
    (head.feedVersion === undefined ? 0 : VERSIONED) |
    (head.imported === undefined ? 0 : IMPORTED);
  writeUint64(fixed, head.version, 1);
  writeUint64(fixed, head.writtenAtMs, 9);
  fixed.writeDoubleBE(head.feedVersion ?? 0, 17);
  fixed.writeUInt32BE(head.documentBytes, 25);
  fixed.writeUInt32BE(head.vectorBytes, 29);
  const parts: Uint8Array[] = [
    // A tombstone has no hash of a content: where it is archived stands in its place.
    packStrings(fixed, [head.category, head.archive ?? head.contentHash, head.embedHash]),
  ];
  if (head.imported !== undefined) parts.push(packNumber(head.imported));
  if (head.prices.length > 0 || head.contentVersion !== head.version) {
    parts.push(packNumber(head.contentVersion), head.prices);
  }
  return Buffer.concat(parts);
}

export function decodeHead(bytes: Buffer): HeadRecord {
  const flags = bytes.readUInt8(0);
  const { strings, end: stringsEnd } = unpackStrings(bytes, HEAD_FIXED_BYTES, 3);
  const isImported = (flags & IMPORTED) !== 0;
  const end = isImported ? stringsEnd + VERSION_BYTES : stringsEnd;
  const version = readUint64(bytes, 1);
  // Of most there are none.
  const hasPrices = bytes.length > end;
  const [category = '', hash = '', embedHash = ''] = strings;
  const deleted = (flags & DELETED) !== 0;
  return {
    version,
    feedVersion: (flags & VERSIONED) === 0 ? undefined : bytes.readDoubleBE(17),
    deleted,
    ...(deleted && hash !== '' ? { contentHash: '', archive: hash } : { contentHash: hash }),
    embedHash,
    category,
    writtenAtMs: readUint64(bytes, 9),
    documentBytes: bytes.readUInt32BE(25),
    vectorBytes: bytes.readUInt32BE(29),
    imported: isImported ? readUint64(bytes, stringsEnd) : undefined,
    contentVersion: hasPrices ? readUint64(bytes, end) : version,
    prices: pricesBehind(bytes, end),
  };
}

/** The prices of a head alone: of each row that is read nothing else of it is asked for. */
export function decodePrices(bytes: Buffer): PackedPrices {
  let end = HEAD_FIXED_BYTES;
  for (let i = 0; i < 3; i++) end += 2 + bytes.readUInt16BE(end);
  const isImported = (bytes.readUInt8(0) & IMPORTED) !== 0;
  return pricesBehind(bytes, isImported ? end + VERSION_BYTES : end);
}

/** Copied: what LMDB gave is of its snapshot. */
function pricesBehind(bytes: Buffer, end: number): PackedPrices {
  return bytes.length > end ? Uint8Array.from(bytes.subarray(end + VERSION_BYTES)) : NO_PRICES;
}

/**
 * The product as JSON, then the version: keeps every key and value as it was sent, also `__proto__`
 * and unpaired surrogates. The version is written with `stampDocument`, inside the transaction;
 * the checksum of the JSON is made before.
 */
export function encodeDocument(product: Product): Sealable {
  const json = JSON.stringify(product);
  const length = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(length + VERSION_BYTES + CRC_BYTES);
  bytes.write(json);
  return { bytes, crc: crc32c(bytes, 0, 0, length) };
}

export function stampDocument({ bytes, crc }: Sealable, version: number): Sealable {
  const end = bytes.length - CRC_BYTES;
  writeUint64(bytes, version, end - VERSION_BYTES);
  return { bytes, crc: crc32c(bytes, crc, end - VERSION_BYTES, end) };
}

/** A stored document, with room for its checksum, to be stamped with another version. */
export function restampable(bytes: Buffer): Sealable {
  const length = bytes.length - VERSION_BYTES;
  const room = Buffer.allocUnsafe(bytes.length + CRC_BYTES);
  bytes.copy(room);
  return { bytes: room, crc: crc32c(room, 0, 0, length) };
}

export function decodeDocument(bytes: Buffer): StoredText {
  const end = bytes.length - VERSION_BYTES;
  return new StoredText(readUint64(bytes, end), bytes.subarray(0, end));
}

/** The model's fingerprint, then each vector's name, bytes and floats. */
export function encodeVectors(model: string, vectors: NamedVectors): Buffer {
  const parts = [packStrings(Buffer.alloc(0), [model])];
  for (const [name, vector] of Object.entries(vectors) as [string, Float32Array][]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(vector.byteLength);
    const floats = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
    parts.push(packStrings(Buffer.alloc(0), [name]), length, floats);
  }
  return Buffer.concat(parts);
}

export function decodeVectors(bytes: Buffer): { model: string; vectors: NamedVectors } {
  const head = unpackStrings(bytes, 0, 1);
  const vectors: NamedVectors = { text: new Float32Array(0) };
  for (let at = head.end; at < bytes.length;) {
    const name = unpackStrings(bytes, at, 1);
    const start = name.end + 4;
    at = start + bytes.readUInt32BE(name.end);
    // Copied, because floats must be aligned to 4 bytes. A name this version knows not is skipped.
    const floats = new Uint8Array(bytes.subarray(start, at)).buffer;
    if (name.strings[0] === 'text') vectors.text = new Float32Array(floats);
  }
  return { model: head.strings[0] ?? '', vectors };
}

/** A feed entry but for its version, which is the key's sequence. */
export interface FeedRecord {
  id: string;
  category: string;
  deleted: boolean;
  bytes: number;
}

export function encodeFeedRecord({ id, category, deleted, bytes }: FeedRecord): Buffer {
  const fixed = Buffer.allocUnsafe(FEED_FIXED_BYTES);
  fixed[0] = deleted ? DELETED : 0;
  fixed.writeUInt32BE(bytes, 1);
  return packStrings(fixed, [category, id]);
}

export function decodeFeedRecord(bytes: Buffer): FeedRecord {
  const [category = '', id = ''] = unpackStrings(bytes, FEED_FIXED_BYTES, 2).strings;
  const deleted = (bytes.readUInt8(0) & DELETED) !== 0;
  return { id, category, deleted, bytes: bytes.readUInt32BE(1) };
}

/** How often a category or field occurs, with its name (its key may be a hash). */
export function encodeCount(count: number, name: string): Buffer {
  const bytes = Buffer.allocUnsafe(8 + Buffer.byteLength(name));
  writeUint64(bytes, count, 0);
  bytes.write(name, 8);
  return bytes;
}

export function decodeCount(bytes: Buffer): { count: number; name: string } {
  return { count: readUint64(bytes, 0), name: bytes.toString('utf8', 8) };
}

function packNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(VERSION_BYTES);
  writeUint64(bytes, value, 0);
  return bytes;
}

/** `fixed`, then each string with its length in bytes (16 bit) before it. */
function packStrings(fixed: Buffer, strings: readonly string[]): Buffer {
  const size = strings.reduce((sum, text) => sum + 2 + Buffer.byteLength(text), fixed.length);
  const bytes = Buffer.allocUnsafe(size);
  fixed.copy(bytes);
  let at = fixed.length;
  for (const text of strings) {
    const length = bytes.write(text, at + 2);
    bytes.writeUInt16BE(length, at);
    at += 2 + length;
  }
  return bytes;
}

/** `count` strings from `start` on, and where they end. */
function unpackStrings(
  bytes: Buffer,
  start: number,
  count: number,
): { strings: string[]; end: number } {
  const strings: string[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const end = at + 2 + bytes.readUInt16BE(at);
    strings.push(bytes.toString('utf8', at + 2, end));
    at = end;
  }
  return { strings, end: at };
}
