/** Distinct sets of types, numbered as they come: products of one kind share theirs. */
export class TypeSets {
  private readonly numbers = new Map<string, number>();
  private readonly sets: Uint8Array[] = [];
  bytes = 0;

  get size(): number {
    return this.sets.length;
  }

  /** The number of a set: sorted 32-bit hashes, little-endian. */
  add(set: Uint8Array): number {
    const key = Buffer.from(set.buffer, set.byteOffset, set.byteLength).toString('latin1');
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.sets.push(set) - 1;
      this.numbers.set(key, number);
      this.bytes += 2 * set.byteLength + BYTES_A_SET;
    }
    return number;
  }

  at(number: number): Uint8Array {
    return this.sets[number] as Uint8Array;
  }
}

/** Its place in a list and in a map. */
const BYTES_A_SET = 150;
