import type { PieceData } from '../index/columns/field-piece.js';
import type { TermPiece } from '../index/terms/term-log.js';
import type { SegmentRecord } from '../index/segment-record.js';
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
  /** Vectors that were searched for lately, to choose `ef` by. */
  queries: readonly Float32Array[];
}

/** `record` undefined: no row was live. `damaged`: the folder of a segment that cannot be read. */
export type BuildResult =
  { record: SegmentRecord | undefined } | { error: string; damaged: string | undefined };
