/** The largest code, of either sign. */
const LARGEST = 127;
/** Added to a code that may be negative, so that what is cut off is cut off towards the same side. */
const ABOVE_ZERO = 1_024;
/** How much larger than those seen so far a value may be without all being coded again. */
const HEADROOM = 1.1;
/** Rows that there is room for at first. */
const FIRST_ROWS = 64;
/** Beyond the rounding of codes: of an integer sum as float32, and of a score. */
const SUM_ERROR = 1e-6;

/**
 * Vectors of about unit length in 8 bits a value, all on one scale (scalar quantisation), and how far rounding
 * moved the one that it moved most: a dot product of codes is off by no more than `errorWith` says, whatever the
 * vectors.
 */
export class Codes {
  constructor(
    /** Row-major, at offset 0 of its buffer. */
    readonly data: Int8Array,
    /** A value is its code divided by this. */
    private readonly scale: number,
    /** Euclidean length of what rounding changed, at most. */
    private readonly residual: number,
    /** Euclidean length of the longest vector. */
    private readonly longest: number,
  ) {}

  /** Of one vector. */
  static of(vector: Float32Array): Codes {
    const scale = scaleFor(largestOf(vector));
    const data = new Int8Array(vector.length);
    const { moved, length } = encode(vector, scale, data, 0);
    return new Codes(data, scale, moved, length);
  }

  /** Of a dot product of codes, the one of the values. */
  unscaled(product: number, query: Codes): number {
    return product / (this.scale * query.scale);
  }

  /**
   * How far a dot product of codes may be from the one of the vectors: |pq - p'q'| <= |p - p'||q| + |p'||q - q'|
   * (Cauchy and Schwarz), where |p'| <= |p| + |p - p'|.
   */
  errorWith(query: Codes): number {
    const ofRows = this.residual * query.longest;
    const ofQuery = (this.longest + this.residual) * query.residual;
    return ofRows + ofQuery + SUM_ERROR;
  }
}

/**
 * Codes that vectors are added to, at most `capacity`. Those of a few dozen vectors are coded again now and then, each
 * time for values a tenth larger; of unit vectors of 4,096 at most some 40 times.
 */
export class GrowingCodes {
  rows = 0;
  private data: Int8Array;
  private residual = 0;
  private longest = 0;
  /** 0 until there is a vector. */
  private scale = 0;
  /** Of the rows as of `rows`. */
  private asOf: { rows: number; codes: Codes } | undefined;

  constructor(
    private readonly dimensions: number,
    readonly capacity: number,
  ) {
    this.data = new Int8Array(Math.min(FIRST_ROWS, capacity) * dimensions);
  }

  /** Adds a vector. One that is too large for the scale has those before it coded again; `before` gives them. */
  add(vector: Float32Array, before: (row: number) => Float32Array): void {
    const { dimensions, rows } = this;
    if ((rows + 1) * dimensions > this.data.length) this.grow();
    const largest = largestOf(vector);
    if (largest * this.scale > LARGEST || this.scale === 0) {
      this.scale = scaleFor(HEADROOM * largest);
      // Searches may still look at those that there were.
      this.data = new Int8Array(this.data.length);
      this.residual = 0;
      for (let row = 0; row < rows; row++) this.put(row, before(row));
    }
    this.put(rows, vector);
    this.rows = rows + 1;
  }

  /** Those of the rows there are now: what is added later changes nothing of them. */
  get codes(): Codes {
    const { rows, scale, residual, longest } = this;
    if (this.asOf?.rows !== rows) {
      const data = this.data.subarray(0, rows * this.dimensions);
      this.asOf = { rows, codes: new Codes(data, scale, residual, longest) };
    }
    return this.asOf.codes;
  }

  /** Memory of the codes. */
  get bytes(): number {
    return this.data.length;
  }

  private put(row: number, vector: Float32Array): void {
    const { moved, length } = encode(vector, this.scale, this.data, row * this.dimensions);
    this.residual = Math.max(this.residual, moved);
    this.longest = Math.max(this.longest, length);
  }

  private grow(): void {
    const { data } = this;
    this.data = new Int8Array(Math.min(2 * data.length, this.capacity * this.dimensions));
    this.data.set(data);
  }
}

/** At which a value of `largest` is the largest code. */
function scaleFor(largest: number): number {
  return largest > 0 ? LARGEST / largest : 1;
}

function largestOf(vector: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) {
    largest = Math.max(largest, Math.abs(vector[i] as number));
  }
  return largest;
}

/** Writes the codes of a vector at `from`; returns the lengths of what rounding moved, and of the vector. */
function encode(
  vector: Float32Array,
  scale: number,
  codes: Int8Array,
  from: number,
): { moved: number; length: number } {
  let moved = 0;
  let length = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] as number;
    const scaled = value * scale;
    // Without a branch, which would go either way for half of the values: that takes four times as long.
    const code = ((scaled + (ABOVE_ZERO + 0.5)) | 0) - ABOVE_ZERO;
    codes[from + i] = code;
    const change = scaled - code;
    moved += change * change;
    length += value * value;
  }
  return { moved: Math.sqrt(moved) / scale, length: Math.sqrt(length) };
}
