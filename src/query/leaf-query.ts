import type { Filter } from '../filter/filter.js';
import type { Boost, Choice, LeafView, ResultSet } from './result-set.js';
import type { TextQuery } from './text-query.js';

/**
 * What a shard is asked to find among rows that the message around it names. Plain data: it travels
 * as it is, and members that are absent cost nothing.
 */
export interface LeafQuery {
  /** Little-endian float32, unit length: hits are scored against it. Absent: nothing is scored. */
  vector?: Uint8Array;
  /**
   * Words to score by as well: a hit's score is its text's + 0.5 x its vector's + that of an exact
   * match. Absent: the vector's alone.
   */
  text?: TextQuery;
  /** Scores every row instead of candidates: of graphs, and of the words' best. */
  exact: boolean;
  boosts?: readonly Boost[];
  /** The reply says what a result set is to be chosen by. */
  choose?: Choice;
  /** Of which products the views are; absent: of all that match their filter. */
  set?: ResultSet;
  /** No hit is one of these, nor is it counted: `idHashes`, ascending. */
  hidden?: Uint8Array;
  /** As if only the rows that match were there: what the caller may see of the catalogue. */
  within?: Filter;
  /** Rows of a later version are left out: those that were written since a walk over the pages began. */
  until?: number;
  /** The set as each of these looks at it. */
  views: readonly LeafView[];
}

/** A vector as little-endian float32 bytes, without a copy. */
export function vectorBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The vector in `bytes`, copied: a frame's bytes are rarely aligned to four. */
export function bytesVector(bytes: Uint8Array): Float32Array {
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return new Float32Array(copy.buffer);
}
