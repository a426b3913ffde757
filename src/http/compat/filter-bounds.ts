import { invalidField } from '../../core/errors.js';

const MAX_DEPTH = 8;
const MAX_CLAUSES = 100;
const MAX_VALUES = 1_000;
/** It is read in one turn. */
const MAX_CHARACTERS = 65_536;

/** The bounds of a filter as a whole, which are those of the native one. */
export class FilterBounds {
  private clauses = 0;
  private values = 0;

  /** `parameter` is what the filter stands in, for errors. */
  constructor(readonly parameter: string) {}

  /** The filter as it is written. */
  text(text: string): void {
    if (text.length > MAX_CHARACTERS) {
      throw invalidField(this.parameter, `must have at most ${MAX_CHARACTERS} characters`);
    }
  }

  clause(): void {
    this.clauses += 1;
    if (this.clauses > MAX_CLAUSES) {
      throw invalidField(this.parameter, `must hold at most ${MAX_CLAUSES} clauses`);
    }
  }

  value(): void {
    this.values += 1;
    if (this.values > MAX_VALUES) {
      throw invalidField(this.parameter, `must hold at most ${MAX_VALUES} values`);
    }
  }

  /** `depth` counts the parentheses around. */
  nested(depth: number): void {
    if (depth > MAX_DEPTH) {
      throw invalidField(this.parameter, `must be nested at most ${MAX_DEPTH} levels deep`);
    }
  }
}
