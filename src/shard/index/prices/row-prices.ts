import { EntryReader, type PackedPrices } from '../../../core/price-entries.js';
import { Slices } from '../../../core/slices.js';
import { CorruptFile, type FileRecord } from '../durable-file.js';
import { Growing } from '../columns/growing.js';

/** Records are appended to a slab of so many bytes; a larger one has a slab of its own. */
const SLAB_BYTES = 64 * 1024;
/** Row u32, version f64, length u32. */
const HEADER_BYTES = 16;
/** Rows that changed last, of which it is known that they did. */
const RECENT = 1_024;
/** Some tens of microseconds. */
const LOOK_EVERY_ROWS = 64;
/** Slabs are emptied of what is left in them once so much more is taken than is needed. */
const SPARE_SLABS = 2;

interface Slab {
  bytes: Buffer;
  used: number;
  /** Bytes of records that are not replaced yet. */
  live: number;
}

/**
 * What price lists say of the rows of a segment or write buffer, beside what is sealed: for each such row its version,
 * and its entries as the store packs them. A row's record is replaced by appending another; slabs are never
 * written over, so that they can be written to a file while more is appended.
 */
export class RowPrices {
  /** Changes so far. */
  changes = 0;
  /** Highest version of a record. */
  latest = -Infinity;
  /** The file that has them as of so many changes. */
  saved: { file: FileRecord; changes: number } | undefined;
  private slabs: Slab[] = [];
  /** Of each row, the number of its record's slab and the place in there; 0: none. */
  private readonly slabOf = new Growing(Uint32Array);
  private readonly placeOf = new Growing(Uint32Array);
  /** Number of the first of `slabs`: those before it are empty and gone. */
  private firstSlab = 1;
  /** Made with the first change: most blocks have none. */
  private recent: Uint32Array | undefined;
  private readonly reader = new EntryReader();
  private live = 0;
  private rows = 0;

  get isEmpty(): boolean {
    return this.rows === 0;
  }

  /** Memory. */
  get bytes(): number {
    const slabs = this.slabs.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return slabs + 8 * this.slabOf.length;
  }

  has(row: number): boolean {
    return row < this.slabOf.length && this.slabOf.at(row) !== 0;
  }

  /** Of the row's record; undefined: it has none. */
  versionOf(row: number): number | undefined {
    const slab = this.slab(row);
    return slab?.bytes.readDoubleLE(this.placeOf.at(row) + 4);
  }

  /** A copy. */
  packed(row: number): PackedPrices | undefined {
    const slab = this.slab(row);
    if (slab === undefined) return undefined;
    const { from, to } = this.span(slab, row);
    return Uint8Array.from(slab.bytes.subarray(from, to));
  }

  /** What a list says of a row, until it is asked again; undefined: nothing. */
  entry(row: number, list: number): EntryReader | undefined {
    const slab = this.slab(row);
    if (slab === undefined) return undefined;
    const { from, to } = this.span(slab, row);
    const reader = this.reader.read(slab.bytes, from, to);
    return reader.seek(list) ? reader : undefined;
  }

  /** Empty `prices`: nothing any more, as of that version. */
  set(row: number, version: number, prices: PackedPrices): void {
    this.append(row, version, prices);
    this.recent ??= new Uint32Array(RECENT);
    this.recent[this.changes % RECENT] = row;
    this.changes += 1;
    this.makeRoom();
  }

  /** Rows that changed after the first `changes` changes, each once; undefined: not known any more. */
  changedSince(changes: number): Set<number> | undefined {
    if (this.changes - changes > RECENT) return undefined;
    const rows = new Set<number>();
    for (let i = changes; i < this.changes; i++) rows.add(this.recent?.[i % RECENT] as number);
    return rows;
  }

  /** What is there now, for a file. */
  get content(): Uint8Array[] {
    return this.slabs.map(({ bytes, used }) => bytes.subarray(0, used));
  }

  /** Takes in what `content` was. Of several records of a row the latest counts. Throws `CorruptFile`. */
  async load(content: Buffer, rowCount: number): Promise<void> {
    const slices = new Slices();
    for (let at = 0; at < content.length;) {
      if (at + HEADER_BYTES > content.length) throw new CorruptFile('prices are cut off');
      const row = content.readUInt32LE(at);
      const version = content.readDoubleLE(at + 4);
      const end = at + HEADER_BYTES + content.readUInt32LE(at + 12);
      if (row >= rowCount || end > content.length) throw new CorruptFile('prices of other rows');
      const prices = content.subarray(at + HEADER_BYTES, end);
      if ((this.versionOf(row) ?? -Infinity) < version) this.append(row, version, prices);
      at = end;
      if (row % LOOK_EVERY_ROWS === 0 && slices.isOver) await slices.next();
    }
  }

  private append(row: number, version: number, prices: PackedPrices): void {
    const size = HEADER_BYTES + prices.length;
    this.forget(row);
    let slab = this.slabs.at(-1);
    if (slab === undefined || slab.used + size > slab.bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size));
      slab = { bytes, used: 0, live: 0 };
      this.slabs.push(slab);
    }
    const at = slab.used;
    slab.bytes.writeUInt32LE(row, at);
    slab.bytes.writeDoubleLE(version, at + 4);
    slab.bytes.writeUInt32LE(prices.length, at + 12);
    slab.bytes.set(prices, at + HEADER_BYTES);
    slab.used += size;
    slab.live += size;
    this.live += size;
    while (this.slabOf.length <= row) {
      this.slabOf.push(0);
      this.placeOf.push(0);
    }
    if (this.slabOf.at(row) === 0) this.rows += 1;
    this.slabOf.set(row, this.firstSlab + this.slabs.length - 1);
    this.placeOf.set(row, at);
    this.latest = Math.max(this.latest, version);
  }

  /** Its record is not counted any more. */
  private forget(row: number): void {
    const slab = this.slab(row);
    if (slab === undefined) return;
    const { from, to } = this.span(slab, row);
    slab.live -= to - from + HEADER_BYTES;
    this.live -= to - from + HEADER_BYTES;
  }

  /** Empties the oldest slab where too much of all is of replaced records: a slab's worth of work. */
  private makeRoom(): void {
    if (this.slabs.length * SLAB_BYTES <= 2 * this.live + SPARE_SLABS * SLAB_BYTES) return;
    const [oldest] = this.slabs;
    if (oldest === undefined) return;
    const number = this.firstSlab;
    const { bytes, used } = oldest;
    for (let at = 0; at < used;) {
      const row = bytes.readUInt32LE(at);
      const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 12);
      if (this.slabOf.at(row) === number && this.placeOf.at(row) === at) {
        this.append(row, bytes.readDoubleLE(at + 4), bytes.subarray(at + HEADER_BYTES, end));
      }
      at = end;
    }
    this.slabs.shift();
    this.firstSlab += 1;
  }

  private slab(row: number): Slab | undefined {
    if (!this.has(row)) return undefined;
    return this.slabs[this.slabOf.at(row) - this.firstSlab];
  }

  private span({ bytes }: Slab, row: number): { from: number; to: number } {
    const from = this.placeOf.at(row) + HEADER_BYTES;
    return { from, to: from + bytes.readUInt32LE(from - 4) };
  }
}
