import type { RejectedRow } from './catalogue-item.js';

/** What a row has in a column: a text, or several where XML repeats an element. */
export type RawValue = string | readonly string[];

/** A row's columns that are not empty. */
export type RawRow = ReadonlyMap<string, RawValue>;

/** How the files of one kind name and arrange what we know as products. */
export interface Layout {
  /** As the shop knows it. */
  readonly title: string;
  /** The field that every row has, without blanks in it. */
  readonly key: 'id' | 'handle';
  /** How fields are written that are no plain text in every file. */
  readonly kinds: ReadonlyMap<string, 'price' | 'switch'>;
  /** Fields without which each row is rejected, and which nothing else stands in for. */
  readonly required: readonly string[];
  /** Our fields that a column goes into, the first being what its cells must be; none: it is left out. */
  fieldsOf(column: string): readonly string[];
  /** A row with what rows before it say for it; undefined where it is no product, and none that was lost. */
  complete(row: RawRow, line: number): RawRow | RejectedRow | undefined;
  /** A completed row under our names. */
  product(row: RawRow): RawRow;
}

/** Files in our own words. */
export const OWN_LAYOUT: Layout = {
  title: 'products',
  key: 'id',
  kinds: new Map([
    ['price', 'price'],
    ['in_stock', 'switch'],
  ]),
  required: ['id', 'title', 'category'],
  fieldsOf: (column) => (column === '' ? [] : [column]),
  complete: (row) => row,
  product: (row) => row,
};

/** The only, or the first value. */
export function firstOf(value: RawValue | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
