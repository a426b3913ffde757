import { varint } from '../columns/varint.js';

/**
 * Which set of types each row has. A set is the numbers of its hashes in a list of all, each as what
 * it is beyond the one before, as varints: products share most of their attributes' names.
 */
export class SealedTypes {
  constructor(
    private readonly hashes: Uint32Array,
    private readonly ends: Uint32Array,
    private readonly gaps: Uint8Array,
    private readonly sets: Uint16Array | Uint32Array,
  ) {}

  get bytes(): number {
    const { hashes, ends, gaps, sets } = this;
    return hashes.byteLength + ends.byteLength + gaps.byteLength + sets.byteLength;
  }

  setOf(row: number): number {
    return this.sets[row] as number;
  }

  /** Sorted hashes, little-endian. */
  at(set: number): Uint8Array {
    const types: number[] = [];
    let number = -1;
    const end = this.ends[set] as number;
    for (let at = set === 0 ? 0 : (this.ends[set - 1] as number); at < end;) {
      const gap = varint(this.gaps, at);
      number += gap.value;
      types.push(this.hashes[number] as number);
      at = gap.end;
    }
    return new Uint8Array(Uint32Array.from(types).buffer);
  }
}
