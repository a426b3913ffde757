import type { PhysicalLine } from './physical-lines.js';

/** Lines that can be given back. */
export class LineSource implements AsyncIterable<PhysicalLine> {
  private returned: PhysicalLine[] = [];

  constructor(private readonly lines: AsyncGenerator<PhysicalLine>) {}

  async next(): Promise<PhysicalLine | undefined> {
    const line = this.returned.pop();
    if (line !== undefined) return line;
    const read = await this.lines.next();
    return read.done === true ? undefined : read.value;
  }

  /** Lines as they were taken, first one first; they come again in that order. */
  unread(lines: readonly PhysicalLine[]): void {
    this.returned = this.returned.concat(lines.toReversed());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PhysicalLine> {
    try {
      for (let line = await this.next(); line !== undefined; line = await this.next()) yield line;
    } finally {
      await this.lines.return(undefined);
    }
  }
}
