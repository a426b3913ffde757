import { Bitset } from './bitset.js';

/**
 * The deleted rows of a segment or write buffer. A set that a searcher was given stays as it is: the
 * next delete goes into a copy.
 */
export class Deletes {
  private deleted: Bitset;
  private isShared = false;
  private size = 0;

  constructor(rows: number) {
    this.deleted = new Bitset(rows);
  }

  /** As of now; changes with the next delete. */
  get rows(): Bitset {
    return this.deleted;
  }

  get count(): number {
    return this.size;
  }

  /** As of now, for good. */
  snapshot(): Bitset {
    this.isShared = true;
    return this.deleted;
  }

  has(row: number): boolean {
    return this.deleted.has(row);
  }

  /** False where `row` was deleted before. */
  add(row: number): boolean {
    if (this.deleted.has(row)) return false;
    if (this.isShared) this.replace(this.deleted.size, this.deleted.words.slice());
    this.deleted.add(row);
    this.size += 1;
    return true;
  }

  /** The same of many. */
  addAll(rows: Bitset): void {
    this.load(this.deleted.copy().or(rows).words);
  }

  /** What a file said. */
  load(words: Uint32Array): void {
    this.replace(this.deleted.size, words);
    this.size = this.deleted.count();
  }

  /** Makes room for so many rows. */
  grow(rows: number): void {
    const words = new Uint32Array((rows + 31) >>> 5);
    words.set(this.deleted.words);
    this.replace(rows, words);
  }

  private replace(rows: number, words: Uint32Array): void {
    this.deleted = new Bitset(rows, words);
    this.isShared = false;
  }
}
