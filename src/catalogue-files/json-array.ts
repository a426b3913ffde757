import { OmniError } from '../core/errors.js';
import { tooLarge, type CatalogueItem } from './catalogue-item.js';
import { isBlank } from '../core/json-slices.js';
import { BoundedBytes } from '../core/physical-lines.js';
import type { ToRow } from './json-rows.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The elements of a JSON array of any length, or a single object, without holding more than one
 * element. Throws `invalid_json` when the array itself is malformed: then nothing after it can be
 * trusted.
 */
export async function* jsonArray(
  chunks: AsyncIterable<Uint8Array>,
  toRow: ToRow,
  maxRowBytes: number,
): AsyncGenerator<CatalogueItem> {
  const scanner = new ElementScanner(maxRowBytes);
  for await (const chunk of chunks) {
    for (const { position, bytes } of scanner.push(chunk)) {
      if (typeof bytes === 'number') {
        yield tooLarge(position, 'an element', bytes, maxRowBytes);
      } else if (isBlank(bytes)) {
        yield { line: position, code: 'invalid_json', message: 'nothing between two commas' };
      } else yield toRow(position, bytes);
    }
  }
  scanner.end();
}

interface Element {
  /** From 1. */
  position: number;
  /** Its number of bytes where it is too long to be held. */
  bytes: Buffer | number;
}

/**
 *   before ──[ or {──> inside ──the matching ] or }──> after
 *
 * Inside, only nesting and strings are followed; whether an element is JSON is for its parser.
 */
class ElementScanner {
  private state: 'before' | 'inside' | 'after' = 'before';
  private isList = false;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private position = 1;
  private readonly element: BoundedBytes;

  constructor(maxBytes: number) {
    this.element = new BoundedBytes(maxBytes);
  }

  *push(chunk: Uint8Array): Generator<Element> {
    let start = this.state === 'before' ? this.open(chunk) : 0;
    if (this.state === 'inside') {
      for (let i = start; i < chunk.length; i++) {
        const byte = chunk[i];
        if (byte === undefined || !this.endsElement(byte)) continue;
        const isClosed = this.depth === 0;
        this.element.append(chunk.subarray(start, isClosed && !this.isList ? i + 1 : i));
        start = i + 1;
        yield* this.take(isClosed);
        this.position += 1;
        if (!isClosed) continue;
        this.state = 'after';
        break;
      }
    }
    const rest = chunk.subarray(start);
    if (this.state === 'inside') this.element.append(rest);
    else if (!isBlank(rest)) throw malformed(this.position, 'text after the end');
  }

  end(): void {
    if (this.state === 'before') throw malformed(1, 'there is nothing in it');
    if (this.state === 'inside') throw malformed(this.position, 'the text ends in the middle');
  }

  /** Finds the opening bracket; returns where the first element starts. */
  private open(chunk: Uint8Array): number {
    const at = chunk.findIndex((byte) => !isBlank(Buffer.of(byte)));
    if (at === -1) return chunk.length;
    const byte = chunk[at];
    if (byte !== OPEN_LIST && byte !== OPEN_OBJECT) {
      throw malformed(1, 'it starts with neither [ nor {');
    }
    this.state = 'inside';
    this.isList = byte === OPEN_LIST;
    // An object's own bracket belongs to it, and is counted when it is met again.
    this.depth = this.isList ? 1 : 0;
    return this.isList ? at + 1 : at;
  }

  /** Follows one byte; true where the current element, or all of it, ends. */
  private endsElement(byte: number): boolean {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) this.inString = false;
      return false;
    }
    if (byte === QUOTE) this.inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.depth += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) return --this.depth === 0;
    else return byte === COMMA && this.depth === 1 && this.isList;
    return false;
  }

  /** The element that ends here; none in an empty list. */
  private *take(isClosed: boolean): Generator<Element> {
    const bytes = this.element.take();
    const isNothing = typeof bytes !== 'number' && isBlank(bytes);
    if (isClosed && isNothing && this.position === 1) return;
    yield { position: this.position, bytes };
  }
}

function malformed(position: number, what: string): OmniError {
  return new OmniError(
    'invalid_json',
    `not a JSON array or object: ${what}, at element ${position}`,
  );
}
