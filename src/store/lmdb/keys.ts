import { createHash } from 'node:crypto';
import { OmniError } from '../../core/errors.js';
import { readUint64, writeUint64 } from '../position.js';

/**
 * Binary keys. Tenant first, then 0x00, then the rest, so that one tenant's keys lie together and
 * "a" never meets "ab". LMDB compares bytes and allows 1,978 of them in a key.
 */

/** Text up to this long stands in its key as it is, in UTF-8; what is longer is cut and hashed. */
const LITERAL_BYTES = 1000;
const SEQUENCE_BYTES = 8;

/** A tenant's own key, and the first of all its keys. */
export function tenantKey(tenant: string): Buffer {
  return Buffer.from(tenantPrefix(tenant));
}

/** The tenant of a `tenantKey`. */
export function tenantOf(key: Buffer): string {
  return key.toString('utf8', 0, key.length - 1);
}

/** The first key after all keys of `tenant`. */
export function tenantEnd(tenant: string): Buffer {
  return Buffer.from(`${checked(tenant)}\x01`);
}

/** Tenant and text (an id, a category, a field), in byte order of the text. */
export function textKey(tenant: string, text: string): Buffer {
  const key = Buffer.from(tenantPrefix(tenant) + text);
  if (isLiteral(tenant, key)) return key;
  const literalEnd = Buffer.byteLength(tenant) + 1 + LITERAL_BYTES;
  // Longer than any literal key, so it cannot meet one.
  const hash = createHash('sha256').update(text).digest().subarray(0, 16);
  return Buffer.concat([key.subarray(0, literalEnd), hash]);
}

/** Whether the text of a `textKey` stands there as it is. */
export function isLiteral(tenant: string, key: Buffer): boolean {
  return key.length <= Buffer.byteLength(tenant) + 1 + LITERAL_BYTES;
}

/** The text of a `textKey`, where it is short enough to stand there as it is: an id is. */
export function textOf(tenant: string, key: Buffer): string {
  return key.toString('utf8', Buffer.byteLength(tenant) + 1);
}

/** Tenant and feed sequence, in order of the sequence. */
export function sequenceKey(tenant: string, sequence: number): Buffer {
  const prefix = tenantPrefix(tenant);
  const length = Buffer.byteLength(prefix);
  const key = Buffer.allocUnsafe(length + SEQUENCE_BYTES);
  key.write(prefix, 0);
  writeUint64(key, sequence, length);
  return key;
}

/** The sequence at the end of a `sequenceKey`. */
export function sequenceOf(key: Buffer): number {
  return readUint64(key, key.length - SEQUENCE_BYTES);
}

/** A number by itself. */
export function numberKey(number: number): Buffer {
  const key = Buffer.allocUnsafe(SEQUENCE_BYTES);
  writeUint64(key, number, 0);
  return key;
}

export function numberOf(key: Buffer): number {
  return readUint64(key, 0);
}

/** Time (epoch ms) first, then tenant and sequence: the order in which tombstones are purged. */
export function timeKey(timeMs: number, tenant: string, sequence: number): Buffer {
  return Buffer.concat([timePrefix(timeMs), sequenceKey(tenant, sequence)]);
}

/** The smallest key at or after `timeMs`. */
export function timePrefix(timeMs: number): Buffer {
  return numberKey(Math.max(0, Math.floor(timeMs)));
}

/** Tenant and sequence of a `timeKey`. */
export function timeKeyParts(key: Buffer): { tenant: string; sequence: number } {
  const tenant = key.toString('utf8', SEQUENCE_BYTES, key.length - SEQUENCE_BYTES - 1);
  return { tenant, sequence: sequenceOf(key) };
}

function tenantPrefix(tenant: string): string {
  return `${checked(tenant)}\0`;
}

function checked(tenant: string): string {
  // Callers validate tenants; a NUL in one would open another tenant's keys.
  if (tenant === '' || tenant.includes('\0')) throw new OmniError('internal', 'not a tenant name');
  return tenant;
}
