import type { RangeOperator, Scalar } from '../../../filter/filter.js';
import { NO_CODES, type CodeRange, type Dictionary, type Place } from '../column.js';

/** Sorted float64 values; -0 is kept as 0. Booleans are 0 and 1. */
export class NumberDictionary implements Dictionary {
  constructor(
    readonly type: 'number' | 'boolean',
    readonly values: Float64Array,
  ) {}

  get size(): number {
    return this.values.length;
  }

  get bytes(): number {
    return this.values.byteLength;
  }

  codeOf(value: Scalar): number {
    if (typeof value !== this.type) return 0;
    const index = this.below(Number(value), false);
    return this.values[index] === Number(value) ? index + 1 : 0;
  }

  codeRange(op: RangeOperator, bound: string | number): CodeRange {
    if (this.type === 'boolean' || typeof bound !== 'number') return NO_CODES;
    const cut = this.below(bound, op === 'gt' || op === 'lte') + 1;
    return op === 'gt' || op === 'gte' ? { from: cut, to: this.size + 1 } : { from: 1, to: cut };
  }

  placeOf(value: Scalar): Place {
    const below = this.below(Number(value), false);
    return { below, isEqual: this.values[below] === Number(value) };
  }

  valueOf(code: number): number | boolean {
    const value = this.values[code - 1] as number;
    return this.type === 'boolean' ? value === 1 : value;
  }

  /** How many values are below `bound`, or equal to it where `orEqual`. */
  private below(bound: number, orEqual: boolean): number {
    let low = 0;
    let high = this.values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const value = this.values[middle] as number;
      if (value < bound || (orEqual && value === bound)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
