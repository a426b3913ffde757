import { CorruptFile } from '../durable-file.js';
import type { ColumnReader, ColumnType, Dictionary } from '../column.js';
import { NumberDictionary } from './number-dictionary.js';
import { TextDictionary } from './text-dictionary.js';

const TYPES = ['text', 'number', 'boolean'] as const satisfies ColumnType[];
const FORMS = ['dense', 'sparse', 'lists'] as const;
const HEADER_WORDS = 8;

/**
 * A column as bytes, a multiple of eight:
 *
 *   header      u32: type, form, distinct values, rows of sparse and lists, codes, bytes of texts
 *   dictionary  numbers f64[n]; or texts: block starts u32, then the texts, padded
 *   rows, ends  u32, as far as the form has them
 *   codes       u32
 */
export function encodeColumn(column: ColumnReader): Uint8Array[] {
  const { type, dictionary, codes, rows, ends } = column;
  const form = rows === undefined ? 0 : ends === undefined ? 1 : 2;
  const text = dictionary instanceof TextDictionary ? dictionary.text : undefined;
  const header = new Uint32Array(HEADER_WORDS);
  const sizes = [dictionary.size, rows?.length ?? 0, codes.length, text?.byteLength ?? 0];
  header.set([TYPES.indexOf(type), form, ...sizes]);
  const parts = [bytes(header), ...encodeDictionary(dictionary)];
  for (const array of [rows, ends, codes]) if (array !== undefined) parts.push(bytes(array));
  return padded(parts);
}

function encodeDictionary(dictionary: Dictionary): Uint8Array[] {
  if (dictionary instanceof NumberDictionary) return [bytes(dictionary.values)];
  if (!(dictionary instanceof TextDictionary)) throw new Error('a dictionary of an unknown kind');
  return padded([bytes(dictionary.starts), dictionary.text]);
}

/** Throws `CorruptFile` where the lengths do not fit. */
export function decodeColumn(buffer: ArrayBuffer, rowCount: number): ColumnReader {
  const cursor = new Cursor(buffer);
  const header = cursor.words(HEADER_WORDS);
  const [type, form, size, entries, count, textBytes] = header as unknown as number[] & {
    length: 6;
  };
  const typeName = TYPES[type as number];
  const formName = FORMS[form as number];
  if (typeName === undefined || formName === undefined) throw new CorruptFile('not a column');
  const dictionary =
    typeName === 'text'
      ? cursor.texts(size as number, textBytes as number)
      : new NumberDictionary(typeName, cursor.numbers(size as number));
  const rows = formName === 'dense' ? undefined : cursor.words(entries as number);
  const ends = formName === 'lists' ? cursor.words(entries as number) : undefined;
  const codes = cursor.words(count as number);
  return { type: typeName, firstRow: 0, rowCount, dictionary, codes, rows, ends };
}

/** Reads arrays one after the other; each as a view. */
export class Cursor {
  private at = 0;

  constructor(private readonly buffer: ArrayBuffer) {}

  words(length: number): Uint32Array {
    return new Uint32Array(this.buffer, this.take(4 * length), length);
  }

  halves(length: number): Uint16Array {
    return new Uint16Array(this.buffer, this.take(2 * length), length);
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.buffer.byteLength - this.at;
  }

  numbers(length: number): Float64Array {
    return new Float64Array(this.buffer, this.take(8 * length), length);
  }

  texts(size: number, textBytes: number): TextDictionary {
    const starts = this.words(TextDictionary.blocks(size));
    const text = this.text(textBytes);
    this.at = align(this.at);
    return new TextDictionary(size, starts, text);
  }

  text(length: number): Buffer {
    return Buffer.from(this.buffer, this.take(length), length);
  }

  private take(length: number): number {
    const at = this.at;
    if (at + length > this.buffer.byteLength) throw new CorruptFile('a column is too short');
    this.at = at + length;
    return at;
  }
}

export function bytes(array: Uint16Array | Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** With zeros up to a multiple of eight bytes. */
export function padded(parts: Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return [...parts, new Uint8Array(align(length) - length)];
}

function align(length: number): number {
  return Math.ceil(length / 8) * 8;
}
