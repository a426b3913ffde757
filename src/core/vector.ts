/** Vector arithmetic that all rooms share. Vectors are Float32Array; sums are float64. */

/**
 * The one function behind every score that leaves the system: the float64 dot product of two
 * float32 vectors, summed in index order, rounded to float32. `b` starts at `offset` of its block.
 */
export function score(a: Float32Array, b: Float32Array, offset = 0): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[offset + i] as number);
  return Math.fround(sum);
}

/** Where a vector begins in its block. */
export interface VectorPlace {
  block: Float32Array;
  offset: number;
}

/**
 * `score` of four vectors, to the bit. An addition waits for the one before it; those of four sums do so side by
 * side, which takes half the time.
 */
export function scoreFour(
  a: Float32Array,
  first: VectorPlace,
  second: VectorPlace,
  third: VectorPlace,
  fourth: VectorPlace,
): [number, number, number, number] {
  const { block: b0, offset: o0 } = first;
  const { block: b1, offset: o1 } = second;
  const { block: b2, offset: o2 } = third;
  const { block: b3, offset: o3 } = fourth;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const value = a[i] as number;
    s0 += value * (b0[o0 + i] as number);
    s1 += value * (b1[o1 + i] as number);
    s2 += value * (b2[o2 + i] as number);
    s3 += value * (b3[o3 + i] as number);
  }
  return [Math.fround(s0), Math.fround(s1), Math.fround(s2), Math.fround(s3)];
}

/**
 * `values` at length 1 as float32, or undefined when that cannot be: a value that is not finite in
 * float32, or nothing but values that are zero in float32.
 */
export function normalise(values: ArrayLike<number>): Float32Array | undefined {
  let sum = 0;
  let isZero = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const rounded = Math.fround(value);
    if (!Number.isFinite(rounded)) return undefined;
    if (rounded !== 0) isZero = false;
    sum += value * value;
  }
  if (isZero) return undefined;
  const length = Math.sqrt(sum);
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = (values[i] as number) / length;
  return out;
}
