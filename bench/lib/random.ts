/**
 * A seeded source of random numbers: sfc32 (Chris Doty-Humphrey's Small Fast Counter, 32 bits),
 * the same on every machine.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private spare: number | undefined;

  /** `stream` tells apart several sources of one seed. */
  constructor(seed: number, stream = '') {
    let hash = 2166136261 ^ seed; // FNV-1a over the stream's name
    for (const character of stream) {
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
    }
    this.a = seed | 0;
    this.b = hash;
    this.c = 0x9e3779b9;
    for (let i = 0; i < 20; i += 1) this.uint32();
  }

  private uint32(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    return this.uint32() / 4294967296;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Standard normal, by Marsaglia's polar method. */
  gaussian(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * this.next() - 1;
      const y = 2 * this.next() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = y * factor;
      return x * factor;
    }
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** `count` different whole numbers below `bound`, in random order (Fisher and Yates). */
  sample(count: number, bound: number): number[] {
    const all = Array.from({ length: bound }, (_, i) => i);
    for (let i = 0; i < Math.min(count, bound); i += 1) {
      const j = i + this.below(bound - i);
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    return all.slice(0, count);
  }
}
