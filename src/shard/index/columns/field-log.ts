import type { FieldValue } from '../../../core/product-fields.js';
import type { Column } from '../column.js';
import { FieldPiece, type PieceData } from './field-piece.js';

/** What is known of a field's columns at most; a filter names up to a hundred. */
const KEPT_FIELDS = 256;

/**
 * The fields of rows that are appended one by one, in the order in which they came: no object a
 * field or a value, since names and values are cheaply made by whoever writes products. Cut into
 * pieces of about a thousand rows; the column of a field is made, piece by piece, when it is asked
 * for.
 */
export class FieldLog {
  readonly names: string[] = [];
  private readonly idOf = new Map<string, number>();
  readonly pieces: FieldPiece[] = [];
  private readonly columns = new Map<string, Column[]>();
  private readonly grown = { rows: 0, columns: new Map<number, Column>() };

  /** A log as a build worker received it. */
  static of(names: readonly string[], pieces: readonly PieceData[]): FieldLog {
    const log = new FieldLog();
    for (const name of names) log.fieldId(name);
    for (const piece of pieces) log.pieces.push(FieldPiece.of(piece));
    return log;
  }

  get rows(): number {
    const last = this.pieces.at(-1);
    return last === undefined ? 0 : last.firstRow + last.rowCount;
  }

  /** Values of the last piece: each field's column of it is made anew when it has grown. */
  get openEntries(): number {
    return this.pieces.at(-1)?.entryCount ?? 0;
  }

  /** Memory of values and names, about. */
  get bytes(): number {
    const bytes = this.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    return bytes + this.names.length * BYTES_A_NAME;
  }

  append(fields: readonly (readonly [string, FieldValue])[]): void {
    const piece = this.openPiece();
    for (const [name, value] of fields) {
      const field = this.fieldId(name);
      if (!Array.isArray(value)) piece.add(field, value);
      else for (const one of value) if (isScalar(one)) piece.add(field, one);
    }
    piece.endRow();
  }

  /** Appends a row of another log. */
  appendFrom(other: FieldLog, row: number): void {
    const piece = this.openPiece();
    const source = other.pieces.findLast(({ firstRow }) => firstRow <= row);
    source?.forEachOfRow(row - source.firstRow, (field, value) => {
      piece.addKept(this.fieldId(other.names[field] as string), value);
    });
    piece.endRow();
  }

  /** Makes the columns of at most so many full pieces; returns whether all are made. */
  make(name: string, pieces: number): boolean {
    const field = this.idOf.get(name);
    if (field === undefined) return true;
    const made = this.columns.get(name) ?? [];
    this.columns.delete(name);
    this.columns.set(name, made);
    const [oldest] = this.columns.keys();
    if (this.columns.size > KEPT_FIELDS && oldest !== undefined) this.columns.delete(oldest);
    const full = this.pieces.length - 1;
    for (let left = pieces; made.length < full && left > 0; left--) {
      made.push((this.pieces[made.length] as FieldPiece).columns(field));
    }
    return made.length >= full;
  }

  /** The column of a field as of now; undefined when no row has it. */
  column(name: string): Column | undefined {
    const field = this.idOf.get(name);
    if (field === undefined) return undefined;
    this.make(name, Infinity);
    return [...(this.columns.get(name) ?? []).flat(), ...this.lastColumns(field)];
  }

  /** Prepares for all fields to be asked for by `uncached`, when the log is complete. */
  sortEntries(): void {
    for (const piece of this.pieces) piece.sortEntries();
  }

  /** The column of a field, which is not kept. */
  uncached(name: string): Column {
    const field = this.idOf.get(name);
    return field === undefined ? [] : this.pieces.flatMap((piece) => piece.columns(field));
  }

  /** Of the last piece, which grows: made again when it has. */
  private lastColumns(field: number): Column {
    const { rows, grown } = this;
    if (grown.rows !== rows) {
      grown.rows = rows;
      grown.columns.clear();
    }
    let columns = grown.columns.get(field);
    if (columns === undefined) {
      columns = this.pieces.at(-1)?.columns(field) ?? [];
      if (grown.columns.size < KEPT_FIELDS) grown.columns.set(field, columns);
    }
    return columns;
  }

  private openPiece(): FieldPiece {
    let last = this.pieces.at(-1);
    if (last === undefined || last.isFull) {
      last = new FieldPiece(this.rows);
      this.pieces.push(last);
    }
    return last;
  }

  private fieldId(name: string): number {
    let id = this.idOf.get(name);
    if (id === undefined) {
      id = this.names.push(name) - 1;
      this.idOf.set(name, id);
    }
    return id;
  }
}

/** A name of some twenty letters, its place in a list and in a map. */
const BYTES_A_NAME = 100;

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
