import type { SortValue } from '../../../query/sort.js';
import type { LeafView } from '../../../query/result-set.js';
import type { Bitset } from '../../index/bitset.js';
import type { LeafHit } from '../leaf-hit.js';
import type { NearRows } from '../set/set-rows.js';
import type { Block } from './block.js';

/** What a view shows of one block. */
export interface ViewPart {
  block: Block;
  /** Not to be changed: other views may have the same. */
  rows: Bitset;
  /** Absent: any row may be near to the vector. */
  near?: NearRows | undefined;
}

/** How many rows a part has: of a whole block it is known. */
export function rowsOf({ block, rows }: ViewPart): number {
  return rows === block.rows ? block.selection.count : rows.count();
}

/** A view with the rows that it shows. */
export interface ViewTask {
  view: LeafView;
  parts: readonly ViewPart[];
  total: number;
}

/** The first hits of a view, or of some of its rows. */
export interface Ordered {
  hits: LeafHit[];
  /** One list a hit: its values of the sort keys; absent where the score orders. */
  keys?: readonly (readonly SortValue[])[];
  /** There are further ones behind them. */
  more: boolean;
}
