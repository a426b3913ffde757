/**
 * A block's vectors, row-major float32, cut into slabs of consecutive rows. Each slab is an
 * ArrayBuffer of its own, because usearch's exact search reads a typed array from the start of its
 * buffer: a slab (a category of a segment) is scanned without a copy, a subarray could not be.
 */
export class VectorSlabs {
  /**
   * @param slabs one array a slab, rows * dimensions values
   * @param starts first row of each slab, and the row count as the last element
   */
  constructor(
    readonly dimensions: number,
    readonly slabs: readonly Float32Array[],
    readonly starts: ArrayLike<number>,
  ) {}

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

  slab(index: number): Float32Array {
    return this.slabs[index] as Float32Array;
  }

  /** Where `row` begins in its slab. */
  offset(row: number, slab: number): number {
    return (row - (this.starts[slab] as number)) * this.dimensions;
  }

  /** `row`'s vector, a view. */
  view(row: number): Float32Array {
    const slab = this.slabOf(row);
    const at = this.offset(row, slab);
    return this.slab(slab).subarray(at, at + this.dimensions);
  }
}
