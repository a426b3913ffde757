import type { PieceData } from '../index/columns/field-piece.js';
import type { SearchedFor } from '../index/recent-queries.js';
import type { TermPiece } from '../index/terms/term-log.js';
import type { ChosenWidth, SegmentRecord } from '../index/segment-record.js';
import type { EfOptions } from './choose-ef.js';
import type { SegmentOptions } from './write-segment.js';

/** Messages from a shard to its build worker: the tail in pieces, if there is one, then the job. */
export type BuildMessage =
  | { type: 'rows'; rows: BufferRows }
  | { type: 'dead'; dead: Uint32Array }
  | { type: 'slab'; vectors: Float32Array }
  | { type: 'names'; names: string[] }
  | { type: 'fields'; piece: PieceData }
  | { type: 'terms'; piece: TermPiece }
  | { type: 'build'; job: BuildJob }
  | { type: 'widths'; job: WidthsJob }
  | { type: 'close' };

/** What the worker is started with: its first element turns 1 when a build is to stop early. */
export type StopFlag = Int32Array<SharedArrayBuffer>;

/** Some rows of a frozen tail, in order; its vectors, columns and words follow one by one. */
export interface BufferRows {
  ids: string[];
  versions: number[];
  hashes: number[];
  categories: string[];
}

export interface BuildJob {
  tenantFolder: string;
  /** Name of the folder to write. */
  folder: string;
  options: SegmentOptions;
  /** Segments to merge, each with its delete bitmap as of the freeze. */
  segments: { record: SegmentRecord; dead: Uint32Array }[];
  /** What was searched for lately, to choose `ef` by. */
  queries: SearchedFor;
}

/** Widths of the graphs of a segment that is there, to be chosen anew. */
export interface WidthsJob {
  tenantFolder: string;
  record: SegmentRecord;
  /** Names of those. */
  graphs: readonly string[];
  ef: EfOptions;
  queries: SearchedFor;
}

/** By the graphs' names. */
export type ChosenWidths = ReadonlyMap<string, ChosenWidth>;

/** `record` undefined: no row was live. `damaged`: the folder of a segment that cannot be read. */
export type BuildResult =
  | { record: SegmentRecord | undefined }
  | { widths: ChosenWidths }
  | { error: string; damaged: string | undefined };
