import { LRUCache } from 'lru-cache';

interface Bounds<V> {
  /** Entries at most. */
  max: number;
  /** Beside that, what all of them may take together. */
  bytes?: { max: number; of: (value: V, key: string) => number } | undefined;
  /** Milliseconds after which an entry is gone; absent: never. */
  ttl?: number;
  /** Told of each value that leaves. */
  dispose?: (value: V) => void;
}

/**
 * A cache that drops what was used least recently. With its own `max` the library lays out room for so many entries
 * when it is made, 27 bytes each: a node with caches of half a million would spend 13 MB and a fifth of a second of
 * its start on what may never come. So the bound is one of sizes, where an entry's is 1, or, of bytes, its share at least.
 */
export function boundedCache<V extends object | string | number | boolean>({
  max,
  bytes,
  ...options
}: Bounds<V>): LRUCache<string, V> {
  if (bytes === undefined) {
    return new LRUCache({ ...options, maxSize: max, sizeCalculation: () => 1 });
  }
  const share = Math.max(1, Math.floor(bytes.max / max));
  const sizeCalculation = (value: V, key: string): number => Math.max(share, bytes.of(value, key));
  const maxSize = Math.min(bytes.max, share * max);
  return new LRUCache({ ...options, maxSize, sizeCalculation });
}
