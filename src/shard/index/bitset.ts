/** A fixed set of rows, one bit each. Binary operations want equal sizes and change `this`. */
export class Bitset {
  readonly words: Uint32Array;

  constructor(
    readonly size: number,
    words?: Uint32Array,
  ) {
    this.words = words ?? new Uint32Array((size + 31) >>> 5);
  }

  has(row: number): boolean {
    return (((this.words[row >>> 5] as number) >>> (row & 31)) & 1) === 1;
  }

  add(row: number): void {
    const word = row >>> 5;
    this.words[word] = (this.words[word] as number) | (1 << (row & 31));
  }

  delete(row: number): void {
    const word = row >>> 5;
    this.words[word] = (this.words[word] as number) & ~(1 << (row & 31));
  }

  /** Adds the rows [from, to). */
  addRange(from: number, to: number): void {
    let row = from;
    while (row < to && (row & 31) !== 0) this.add(row++);
    const fullWords = (to - row) >>> 5;
    if (fullWords > 0) {
      this.words.fill(0xffffffff, row >>> 5, (row >>> 5) + fullWords);
      row += fullWords << 5;
    }
    while (row < to) this.add(row++);
  }

  and(other: Bitset): this {
    for (let i = 0; i < this.words.length; i++) {
      this.words[i] = (this.words[i] as number) & (other.words[i] as number);
    }
    return this;
  }

  or(other: Bitset): this {
    for (let i = 0; i < this.words.length; i++) {
      this.words[i] = (this.words[i] as number) | (other.words[i] as number);
    }
    return this;
  }

  andNot(other: Bitset): this {
    for (let i = 0; i < this.words.length; i++) {
      this.words[i] = (this.words[i] as number) & ~(other.words[i] as number);
    }
    return this;
  }

  /** Takes out what lies beyond `size` in the last word. */
  trim(): this {
    const spare = this.words.length * 32 - this.size;
    if (spare > 0) {
      const last = this.words.length - 1;
      this.words[last] = (this.words[last] as number) & (0xffffffff >>> spare);
    }
    return this;
  }

  /** Rows in the set within [from, to). */
  count(from = 0, to = this.size): number {
    let total = 0;
    let row = from;
    while (row < to && (row & 31) !== 0) total += this.has(row++) ? 1 : 0;
    for (; row + 32 <= to; row += 32) total += popcount(this.words[row >>> 5] as number);
    while (row < to) total += this.has(row++) ? 1 : 0;
    return total;
  }

  /** The rows of the set within [from, to), ascending. */
  rows(from = 0, to = this.size): Uint32Array {
    return this.rowsInto(new Uint32Array(this.count(from, to)), from, to);
  }

  /** The same in the first elements of `out`. */
  rowsInto(out: Uint32Array, from: number, to: number): Uint32Array {
    let n = 0;
    for (let row = from; row < to;) {
      const word = (this.words[row >>> 5] as number) >>> (row & 31);
      if (word === 0) {
        row = ((row >>> 5) + 1) << 5;
        continue;
      }
      row += 31 - Math.clz32(word & -word);
      if (row >= to) break;
      out[n++] = row++;
    }
    return out.subarray(0, n);
  }

  copy(): Bitset {
    return new Bitset(this.size, this.words.slice());
  }
}

/** Bits set in a 32-bit word (Hacker's Delight, 5-1). */
function popcount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  v = (v + (v >>> 4)) & 0x0f0f0f0f;
  return Math.imul(v, 0x01010101) >>> 24;
}
