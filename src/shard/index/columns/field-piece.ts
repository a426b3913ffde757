import { firstAtLeast } from '../ascending.js';
import { columnText, typeOf, type Column, type ColumnType } from '../column.js';
import { buildColumn, type Entries } from './build-column.js';
import { Growing } from './growing.js';
import { toByteText } from './text-dictionary.js';

const PIECE_ROWS = 1_024;
/** A piece of fewer rows, a multiple of 32, is full too where they have so many values. */
const PIECE_ENTRIES = 1 << 20;

const TYPES = ['text', 'number', 'boolean'] as const satisfies ColumnType[];
/** Of two bits. */
const TYPE_BITS = 4;

/** A piece as it is sent to another thread. */
export interface PieceData {
  firstRow: number;
  rowEnds: Uint32Array;
  /** 4 x the field's number + its type's. */
  keys: Uint32Array;
  /** A number, 0 or 1, or the number of a text. */
  values: Float64Array;
  textEnds: Uint32Array;
  text: Uint8Array;
}

/** A text in its column's form, as a byte text; a number or boolean as a number. */
interface Kept {
  type: ColumnType;
  value: string | number;
}

/** The fields of about a thousand rows, row by row in a few flat arrays. */
export class FieldPiece {
  rowCount = 0;
  private readonly rowEnds = new Growing(Uint32Array);
  private readonly keys = new Growing(Uint32Array);
  private readonly values = new Growing(Float64Array);
  private readonly textEnds = new Growing(Uint32Array);
  private readonly text = new Growing(Uint8Array);
  /** Entries by key, then by row; made when all fields are wanted. */
  private order: Float64Array | undefined;

  constructor(readonly firstRow: number) {}

  static of(data: PieceData): FieldPiece {
    const piece = new FieldPiece(data.firstRow);
    piece.rowCount = data.rowEnds.length;
    piece.rowEnds.append(data.rowEnds);
    piece.keys.append(data.keys);
    piece.values.append(data.values);
    piece.textEnds.append(data.textEnds);
    piece.text.append(data.text);
    return piece;
  }

  /** A copy, without what the arrays have to spare. */
  get data(): PieceData {
    const { firstRow } = this;
    const [rowEnds, keys, values] = [this.rowEnds.copy(), this.keys.copy(), this.values.copy()];
    return {
      firstRow,
      rowEnds,
      keys,
      values,
      textEnds: this.textEnds.copy(),
      text: this.text.copy(),
    };
  }

  /** Values in it, of all fields. */
  get entryCount(): number {
    return this.keys.length;
  }

  get isFull(): boolean {
    const { rowCount } = this;
    return rowCount >= PIECE_ROWS || (rowCount % 32 === 0 && this.entryCount >= PIECE_ENTRIES);
  }

  get bytes(): number {
    return this.keys.length * 12 + this.rowCount * 4 + this.textEnds.length * 4 + this.text.length;
  }

  /** Adds a value to the row that is being written. */
  add(field: number, value: string | number | boolean): void {
    const type = typeOf(value);
    const kept = typeof value === 'string' ? toByteText(columnText(value)) : Number(value) + 0;
    this.addKept(field, { type, value: kept });
  }

  addKept(field: number, { type, value }: Kept): void {
    this.keys.push(field * TYPE_BITS + TYPES.indexOf(type));
    if (typeof value === 'number') this.values.push(value);
    else {
      this.values.push(this.textEnds.length);
      this.text.appendText(value);
      this.textEnds.push(this.text.length);
    }
  }

  endRow(): void {
    this.rowEnds.push(this.keys.length);
    this.rowCount += 1;
  }

  forEachOfRow(row: number, visit: (field: number, value: Kept) => void): void {
    for (let i = this.rowStart(row); i < this.rowEnds.at(row); i++) {
      const key = this.keys.at(i);
      const type = TYPES[key % TYPE_BITS] as ColumnType;
      visit(Math.floor(key / TYPE_BITS), { type, value: this.value(i, type) });
    }
  }

  /** The field's columns, one a type. */
  columns(field: number): Column {
    const ofTypes = this.entries(field);
    const columns: Column[number][] = [];
    TYPES.forEach((type, t) => {
      const entries = ofTypes[t] as Entries;
      if (entries.rows.length > 0) columns.push(buildColumn(type, this, entries));
    });
    return columns;
  }

  /** Prepares for all fields to be asked for, one after the other. */
  sortEntries(): void {
    this.order ??= Float64Array.from(
      { length: this.keys.length },
      (_, i) => this.keys.at(i) * ENTRY_BITS + i,
    ).sort();
  }

  /** The field's values, by type. */
  private entries(field: number): Entries[] {
    const ofTypes = TYPES.map((): Entries => ({ rows: [], values: [] }));
    const take = (row: number, i: number): void => {
      const type = this.keys.at(i) % TYPE_BITS;
      const { rows, values } = ofTypes[type] as Entries;
      rows.push(row);
      values.push(this.value(i, TYPES[type] as ColumnType));
    };
    const first = field * TYPE_BITS;
    const { order } = this;
    if (order === undefined) {
      for (let row = 0, i = 0; row < this.rowCount; row++) {
        for (const end = this.rowEnds.at(row); i < end; i++) {
          const key = this.keys.at(i);
          if (key >= first && key < first + TYPE_BITS) take(row, i);
        }
      }
      return ofTypes;
    }
    let row = 0;
    for (let at = firstAtLeast(order, first * ENTRY_BITS), last = 0; at < order.length; at++) {
      const place = order[at] as number;
      if (place >= (first + TYPE_BITS) * ENTRY_BITS) break;
      const i = place % ENTRY_BITS;
      // The next type begins at the first row again.
      if (i < last) row = 0;
      last = i;
      while (this.rowEnds.at(row) <= i) row += 1;
      take(row, i);
    }
    return ofTypes;
  }

  private value(entry: number, type: ColumnType): string | number {
    const value = this.values.at(entry);
    if (type !== 'text') return value;
    return this.text.textBetween(
      value === 0 ? 0 : this.textEnds.at(value - 1),
      this.textEnds.at(value),
    );
  }

  private rowStart(row: number): number {
    return row === 0 ? 0 : this.rowEnds.at(row - 1);
  }
}

/** More than there are entries in a piece: 32 rows of a product each. */
const ENTRY_BITS = 2 ** 26;
