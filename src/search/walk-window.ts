import { idHashes } from '../core/ids.js';
import type { FoundHit } from './merge-hits.js';

const HASH_BYTES = 8;

/** What is left of a walk's first hits: 64-bit hashes of their ids, in their order, in base64. */
export function hashList(hits: readonly Pick<FoundHit, 'id'>[]): string {
  return Buffer.concat(hits.map(({ id }) => idHashes([id]))).toString('base64');
}

/** The hashes of a window as shards are asked for them. */
export function windowHashes(window: string): Uint8Array {
  const each = hashesOf(window).map((hash) => Buffer.from(hash, 'base64'));
  return Buffer.concat(each.sort((a, b) => a.compare(b)));
}

/** Those of `hits` that are in a window, in its order. */
export function inWindow(window: string, hits: readonly FoundHit[]): FoundHit[] {
  const found = new Map(hits.map((hit) => [hashOf(hit.id), hit]));
  return hashesOf(window).flatMap((hash) => found.get(hash) ?? []);
}

function hashesOf(window: string): string[] {
  const bytes = Buffer.from(window, 'base64');
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1)).toString('base64'),
  );
}

function hashOf(id: string): string {
  return Buffer.from(idHashes([id])).toString('base64');
}
