import type { RangeOperator, Scalar } from '../../../filter/filter.js';
import { MAX_VARINT_BYTES, putVarint, varint } from './varint.js';
import {
  beginningOf,
  columnText,
  NO_CODES,
  type CodeRange,
  type Dictionary,
  type Place,
} from '../column.js';

/** Entries that share a whole first one; the others only say how they differ from the one before. */
const BLOCK = 16;

/**
 * Sorted texts, front-coded in blocks (Witten, Moffat and Bell 1999, section 4.1): an entry is the
 * length of what it shares with the one before, the length of the rest, and the rest in UTF-8. The
 * first of a block shares nothing. Found by binary search over the blocks, then within one.
 */
export class TextDictionary implements Dictionary {
  /**
   * @param starts where each block begins in `text`
   */
  constructor(
    readonly size: number,
    readonly starts: Uint32Array,
    readonly text: Buffer,
  ) {}

  /** Blocks of so many entries. */
  static blocks(size: number): number {
    return Math.ceil(size / BLOCK);
  }

  get bytes(): number {
    return this.starts.byteLength + this.text.byteLength;
  }

  codeOf(value: Scalar): number {
    // Half a surrogate pair has no UTF-8, and no product has one.
    if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) return 0;
    const { index, isEqual } = this.find(Buffer.from(columnText(value), 'utf8'));
    return isEqual ? index + 1 : 0;
  }

  /** The place of a text as it was added, however long; -1 where it is not. */
  indexOf(text: string): number {
    const { index, isEqual } = this.find(Buffer.from(text, 'utf8'));
    return isEqual ? index : -1;
  }

  /** How many texts come before `text`, by their bytes. */
  countBefore(text: string): number {
    return this.find(Buffer.from(text, 'utf8')).index;
  }

  codeRange(op: RangeOperator, bound: string | number, doubtful: boolean): CodeRange {
    if (typeof bound !== 'string') return NO_CODES;
    const beginning = beginningOf(bound);
    let low: number;
    let high: number;
    let inclusive = op === 'gte' || op === 'lte';
    if (beginning === undefined) {
      const { index, isEqual } = this.find(Buffer.from(bound, 'utf8'));
      low = index;
      high = isEqual ? index + 1 : index;
    } else {
      // All long texts with this beginning: whether they are above or below cannot be told.
      low = this.find(Buffer.from(`${beginning}\u0000`, 'utf8')).index;
      high = this.find(Buffer.from(`${beginning}\u0001`, 'utf8')).index;
      inclusive = doubtful;
    }
    if (op === 'gt' || op === 'gte')
      return { from: 1 + (inclusive ? low : high), to: this.size + 1 };
    return { from: 1, to: 1 + (inclusive ? high : low) };
  }

  placeOf(value: Scalar): Place {
    const { index, isEqual } = this.find(Buffer.from(String(value), 'utf8'));
    return { below: index, isEqual };
  }

  valueOf(code: number): string {
    const index = code - 1;
    const block = index - (index % BLOCK);
    let at = this.starts[block / BLOCK] as number;
    let value = '';
    for (let i = block; i <= index; i++) ({ value, at } = this.read(at, value));
    return fromByteText(value);
  }

  /** The values from number `from` on in order, as byte texts (`toByteText`). */
  *byteTexts(from = 0): Generator<string> {
    const block = from - (from % BLOCK);
    let at = this.starts[block / BLOCK] ?? 0;
    let value = '';
    for (let i = block; i < this.size; i++) {
      ({ value, at } = this.read(at, value));
      if (i >= from) yield value;
    }
  }

  private read(at: number, before: string): { value: string; at: number } {
    const shared = varint(this.text, at);
    const length = varint(this.text, shared.end);
    const end = length.end + length.value;
    const rest = this.text.toString('latin1', length.end, end);
    return { value: before.slice(0, shared.value) + rest, at: end };
  }

  /** How many entries are below `wanted`, and whether the next one is it. */
  private find(wanted: Uint8Array): { index: number; isEqual: boolean } {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.isHeadBelow(middle, wanted)) low = middle + 1;
      else high = middle;
    }
    const found = low === 0 ? undefined : this.findInBlock(low - 1, wanted);
    if (found !== undefined) return found;
    // None in the block before: it is the head of the next, or would come before it.
    const index = Math.min(this.size, low * BLOCK);
    return { index, isEqual: low < this.starts.length && this.isHead(low, wanted) };
  }

  private isHeadBelow(block: number, wanted: Uint8Array): boolean {
    const { value: length, end: at } = varint(this.text, (this.starts[block] as number) + 1);
    const shared = this.sharedBytes(at, length, wanted, 0);
    if (shared === wanted.length) return false;
    return shared === length || (this.text[at + shared] as number) < (wanted[shared] as number);
  }

  private isHead(block: number, wanted: Uint8Array): boolean {
    const { value: length, end: at } = varint(this.text, (this.starts[block] as number) + 1);
    return length === wanted.length && this.sharedBytes(at, length, wanted, 0) === length;
  }

  /** The first entry of the block that is not below `wanted`; undefined when all are. */
  private findInBlock(
    block: number,
    wanted: Uint8Array,
  ): { index: number; isEqual: boolean } | undefined {
    const { text } = this;
    let at = this.starts[block] as number;
    /** Bytes that the entry before, which is below, has in common with `wanted`. */
    let matched = 0;
    const last = Math.min(this.size, (block + 1) * BLOCK);
    for (let index = block * BLOCK; index < last; index++) {
      const shared = varint(text, at);
      const length = varint(text, shared.end);
      at = length.end;
      // It differs from the one before where that still agreed: it is above.
      if (shared.value < matched) return { index, isEqual: false };
      if (shared.value === matched) {
        const more = this.sharedBytes(at, length.value, wanted, matched);
        matched += more;
        if (matched === wanted.length) return { index, isEqual: more === length.value };
        const isAbove =
          more < length.value && (text[at + more] as number) > (wanted[matched] as number);
        if (isAbove) return { index, isEqual: false };
      }
      at += length.value;
    }
    return undefined;
  }

  private sharedBytes(at: number, length: number, wanted: Uint8Array, from: number): number {
    const { text } = this;
    const most = Math.min(length, wanted.length - from);
    let shared = 0;
    while (shared < most && text[at + shared] === wanted[from + shared]) shared += 1;
    return shared;
  }
}

/**
 * A text whose characters are the bytes of another's UTF-8: the engine's own comparison and sort of
 * such texts is by bytes, and so by the code points of the others.
 */
export function toByteText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function fromByteText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Takes byte texts in ascending order. */
export class TextDictionaryWriter {
  size = 0;
  private readonly starts: number[] = [];
  private text = Buffer.allocUnsafe(1_024);
  private length = 0;
  private before = '';

  add(value: string): void {
    let shared = 0;
    if (this.size % BLOCK === 0) this.starts.push(this.length);
    else {
      const most = Math.min(value.length, this.before.length);
      while (shared < most && value.charCodeAt(shared) === this.before.charCodeAt(shared)) shared++;
    }
    const rest = value.length - shared;
    this.reserve(rest + 2 * MAX_VARINT_BYTES);
    this.length = putVarint(this.text, this.length, shared);
    this.length = putVarint(this.text, this.length, rest);
    this.length += this.text.write(value.slice(shared), this.length, 'latin1');
    this.before = value;
    this.size += 1;
  }

  finish(): TextDictionary {
    const text = this.text.subarray(0, this.length);
    return new TextDictionary(this.size, Uint32Array.from(this.starts), text);
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.text.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.text.length, this.length + bytes));
    this.text.copy(larger, 0, 0, this.length);
    this.text = larger;
  }
}
