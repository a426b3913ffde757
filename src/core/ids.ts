import { createHash } from 'node:crypto';

/**
 * Orders two strings by their UTF-8 bytes, which is the order by code point. JavaScript's own `<`
 * compares UTF-16 units and differs where surrogates meet U+E000–U+FFFF.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** What tenants and shards may be called. */
export const NAME = { pattern: /^[a-z0-9_-]{1,64}$/, expected: '1 to 64 of a-z, 0-9, _ and -' };

/** One past the largest `hashId`: the end of a whole range. */
export const HASH_END = 2 ** 32;

/**
 * A product id's place in the hash space [0, 2^32) that splits cut. FNV-1a over UTF-8 with
 * MurmurHash3's finalizer, so that similar ids spread. Part of the stored format: never change it.
 */
export function hashId(id: string): number {
  const bytes = Buffer.from(id, 'utf8');
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 128 bits of SHA-256 in hex: a name for text that may be long or hold anything. */
export function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    // Length-prefixed, so that ["ab", "c"] and ["a", "bc"] differ.
    const length = typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength;
    hash.update(`${length}:`);
    hash.update(part);
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * 64-bit hashes of ids, 8 bytes each: big-endian `hashId`, then FNV-1a with another start, so that a row is
 * found by the first half and told by the second. Ascending.
 */
export function idHashes(ids: readonly string[]): Uint8Array {
  const pairs = ids.map((id) => [hashId(id), checkId(id)] as const);
  pairs.sort(([a, c], [b, d]) => a - b || c - d);
  const bytes = Buffer.alloc(8 * pairs.length);
  pairs.forEach(([hash, check], i) => {
    bytes.writeUInt32BE(hash, 8 * i);
    bytes.writeUInt32BE(check, 8 * i + 4);
  });
  return bytes;
}

/** The second half of an id's 64-bit hash. */
export function checkId(id: string): number {
  let h = 0x9747b28c;
  for (const byte of Buffer.from(id, 'utf8')) h = Math.imul(h ^ byte, 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
