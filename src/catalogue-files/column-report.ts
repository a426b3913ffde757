import type { FieldMap } from './field-map.js';
import type { Layout } from './layout.js';

/** A column of a file, and the fields it goes into; none: it is left out. */
interface ColumnUse {
  column: string;
  fields: readonly string[];
}

/** What a file was taken for, and its columns for what. */
export interface ColumnReport {
  title: string;
  columns: readonly ColumnUse[];
  /** Required fields that no column goes into. */
  missing: readonly string[];
}

export function columnReport(
  columns: readonly string[],
  layout: Layout,
  map: FieldMap,
): ColumnReport {
  const named = columns.filter((column) => column !== '');
  const uses = named.map((column) => ({ column, fields: fieldsOf(column, layout, map) }));
  const met = new Set(uses.flatMap(({ fields }) => fields));
  const missing = layout.required.filter((field) => !met.has(field));
  return { title: layout.title, columns: uses, missing };
}

/** `--map` goes before what a layout makes of a column. */
export function fieldsOf(column: string, layout: Layout, map: FieldMap): readonly string[] {
  const ours = map.pairs.filter(([, theirs]) => theirs === column).map(([our]) => our);
  return ours.length > 0 ? ours : layout.fieldsOf(column);
}
