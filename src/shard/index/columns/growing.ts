import { MAX_VARINT_BYTES, putVarint } from './varint.js';

type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** A typed array that grows at its end. */
export class Growing<T extends NumberArray> {
  length = 0;
  private array: T;

  constructor(private readonly make: new (length: number) => T) {
    this.array = new make(16);
  }

  at(index: number): number {
    return this.array[index] as number;
  }

  set(index: number, value: number): void {
    this.array[index] = value;
  }

  push(value: number): void {
    this.reserve(1);
    this.array[this.length++] = value;
  }

  /** Appends a number to an array of bytes. */
  pushVarint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    this.length = putVarint(this.array, this.length, value);
  }

  append(values: ArrayLike<number>): void {
    this.reserve(values.length);
    this.array.set(values, this.length);
    this.length += values.length;
  }

  /** Appends the bytes of a byte text. */
  appendText(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.array[this.length++] = text.charCodeAt(i);
  }

  textBetween(from: number, to: number): string {
    return Buffer.from(this.array.buffer, this.array.byteOffset + from, to - from).toString(
      'latin1',
    );
  }

  /** What is there now, as it lies: until more is added. */
  get view(): T {
    return this.array.subarray(0, this.length) as T;
  }

  copy(): T {
    return this.slice(0, this.length);
  }

  slice(from: number, to: number): T {
    return this.array.slice(from, to) as T;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.array.length) return;
    const larger = new this.make(Math.max(2 * this.array.length, this.length + more));
    larger.set(this.array);
    this.array = larger;
  }
}
