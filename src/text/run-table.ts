/**
 * Values by a stretch of a text, found without making a string of it: slicing and hashing strings was most of the
 * analyzer's time. Open addressing with linear probes (Knuth, volume 3, 6.4), at most half full.
 */
export class RunTable<T> {
  private readonly mask: number;
  private readonly hashes: Int32Array;
  private readonly keys: string[];
  private readonly values: (T | undefined)[];
  size = 0;

  /** @param capacity of entries; a power of two */
  constructor(private readonly capacity: number) {
    const slots = capacity * 2;
    this.mask = slots - 1;
    this.hashes = new Int32Array(slots);
    this.keys = new Array<string>(slots).fill('');
    this.values = new Array<T | undefined>(slots).fill(undefined);
  }

  get isFull(): boolean {
    return this.size >= this.capacity;
  }

  /** What was set for the characters of `text` from `start` to before `end`, whose `hashStep`s give `hash`. */
  get(text: string, start: number, end: number, hash: number): T | undefined {
    for (let slot = hash & this.mask; ; slot = (slot + 1) & this.mask) {
      const value = this.values[slot];
      if (value === undefined) return undefined;
      if (this.hashes[slot] === hash && isAt(this.keys[slot] as string, text, start, end)) {
        return value;
      }
    }
  }

  /** Sets the value of a key that has none; a full table ignores it. */
  set(key: string, hash: number, value: T): void {
    if (this.isFull) return;
    let slot = hash & this.mask;
    while (this.values[slot] !== undefined) slot = (slot + 1) & this.mask;
    this.hashes[slot] = hash;
    this.keys[slot] = key;
    this.values[slot] = value;
    this.size++;
  }

  clear(): void {
    this.keys.fill('');
    this.values.fill(undefined);
    this.size = 0;
  }
}

/** The hash of a stretch with one more character (FNV-1a); the first step starts from 0. */
export function hashStep(hash: number, code: number): number {
  const mixed = Math.imul(hash ^ code, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

function isAt(key: string, text: string, start: number, end: number): boolean {
  const { length } = key;
  if (end - start !== length) return false;
  for (let at = 0; at < length; at++) {
    if (key.charCodeAt(at) !== text.charCodeAt(start + at)) return false;
  }
  return true;
}
