import type { VectorPlace } from '../../core/vector.js';
import type { Codes } from '../engine/codes.js';
import type { BlockChecks } from './block-checks.js';

/** Rows [from, to) as codes. */
export interface CodedRows {
  from: number;
  to: number;
  codes: Codes;
}

/**
 * A block's vectors, row-major float32, cut into slabs of consecutive rows. Each slab is an
 * ArrayBuffer of its own, because usearch's exact search reads a typed array from the start of its
 * buffer: a slab (a category of a segment) is scanned without a copy, a subarray could not be.
 */
export class VectorSlabs {
  /**
   * @param slabs one array a slab, rows * dimensions values
   * @param starts first row of each slab, and the row count as the last element
   * @param checks what is asked before anything is read; undefined: all is known to be sound
   * @param coded all rows as codes as well, in order, each run of whole slabs; undefined: there are none
   */
  constructor(
    readonly dimensions: number,
    private readonly slabs: readonly Float32Array[],
    readonly starts: ArrayLike<number>,
    readonly checks?: BlockChecks,
    readonly coded?: readonly CodedRows[],
  ) {}

  /** How many slabs there are. */
  get count(): number {
    return this.slabs.length;
  }

  /** The slab that holds `row`. */
  slabOf(row: number): number {
    let low = 0;
    let high = this.slabs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.starts[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** All of a slab, to be read. Throws `CorruptFile`. */
  slab(index: number): Float32Array {
    this.checks?.slab(index);
    return this.slabs[index] as Float32Array;
  }

  /** Where `row`'s vector is, to be read. Throws `CorruptFile`. */
  place(row: number): VectorPlace {
    const slab = this.slabOf(row);
    const offset = (row - (this.starts[slab] as number)) * this.dimensions;
    this.checks?.at(slab, offset);
    return { block: this.slabs[slab] as Float32Array, offset };
  }

  /** `row`'s vector, a view. Throws `CorruptFile`. */
  view(row: number): Float32Array {
    const { block, offset } = this.place(row);
    return block.subarray(offset, offset + this.dimensions);
  }
}
