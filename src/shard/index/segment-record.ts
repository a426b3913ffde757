import type { FileRecord } from './durable-file.js';
import type { EngineName } from '../engine/graph.js';

/** Of the manifest and of what a segment's record holds; each component has a format of its own. */
export const SEGMENT_FORMAT = 5;
/** Of a manifest with prices of lists: who knows nothing of them would take versions of rows for those of their prices. */
export const PRICED_FORMAT = 6;

/** One part of a segment, as the manifest lists it: written once, by its kind's writer. */
export interface ComponentRecord {
  kind: 'rows' | 'vectors' | 'columns' | 'terms' | 'sequence' | 'types' | 'deletes';
  /** Among those of its kind: of which vectors. */
  name: string;
  format: number;
  files: FileRecord[];
}

/** A graph over some rows. A segment can do without. */
export interface GraphRecord {
  kind: 'graph';
  /** `all`, or `c` and the number of its category. */
  name: string;
  format: number;
  files: FileRecord[];
  /** What wrote it and can open it. */
  engine: EngineName;
  /** Width of its searches. */
  ef: number;
  /** Recall at that width, as seen when it was chosen. */
  recall: number;
  /** Recall that it was chosen for; absent: by a version that did not note it. */
  target?: number;
  /** It was tried with what callers had searched for, not with stand-ins. */
  byQueries?: boolean;
}

/** A width and what was seen of it. */
export type ChosenWidth = Pick<GraphRecord, 'ef' | 'recall' | 'target' | 'byQueries'>;

export interface CategoryRecord {
  category: string;
  rows: number;
}

/** A segment: immutable rows sorted by category, as a record of components. */
export interface SegmentRecord {
  /** Its folder, below the tenant's. */
  folder: string;
  rows: number;
  dimensions: number;
  categories: CategoryRecord[];
  /**
   * Absent: hot, its ids, words and columns are in memory. Warm: these are mapped as well, as vectors and graphs always
   * are. Its rows are the same either way.
   */
  tier?: 'warm';
  components: (ComponentRecord | GraphRecord)[];
}

/** What the files of all segments take, without a look at them. */
export function segmentBytes({ components }: SegmentRecord): number {
  const files = components.flatMap((component) => component.files);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function componentOf(
  record: SegmentRecord,
  kind: ComponentRecord['kind'],
): ComponentRecord | undefined {
  return record.components.find(
    (component): component is ComponentRecord => component.kind === kind,
  );
}

export function graphOf(record: SegmentRecord, name: string): GraphRecord | undefined {
  return record.components.find(
    (component): component is GraphRecord => component.kind === 'graph' && component.name === name,
  );
}

/** The only category that a graph's rows are of; undefined: they may be of any. */
export function categoryOfGraph({ categories }: SegmentRecord, graph: string): string | undefined {
  return categories[placeOf(graph)]?.category;
}

/** Where the rows of a graph stand, and the only category that they are of, as `categoryOfGraph` has it. */
export function rangeOf(
  { rows, categories }: SegmentRecord,
  graph: string,
): { from: number; count: number; category: string | undefined } {
  const at = placeOf(graph);
  const of = categories[at];
  if (of === undefined) return { from: 0, count: rows, category: undefined };
  const from = categories.slice(0, at).reduce((sum, each) => sum + each.rows, 0);
  return { from, count: of.rows, category: of.category };
}

/** Among the record's categories; -1: it is of all. */
function placeOf(graph: string): number {
  return graph === 'all' ? -1 : Number(graph.slice(1));
}
