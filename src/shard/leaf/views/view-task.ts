import type { SortValue } from '../../../query/sort.js';
import type { LeafView } from '../../../query/result-set.js';
import type { Bitset } from '../../index/bitset.js';
import type { LeafHit } from '../leaf-hit.js';
import { liveMask, type Selection } from '../selection.js';
import type { NearRows } from '../set/set-rows.js';
import type { Block } from './block.js';

/** What a view shows of one block. */
export interface ViewPart {
  block: Block;
  /** Not to be changed: other views may have the same. */
  readonly rows: Bitset;
  /** The same as it is told without a look at each row; absent: there is no such. */
  readonly selection?: Selection;
  /** Absent: any row may be near to the vector. */
  near?: NearRows | undefined;
}

/** How many rows a part has: of a whole block, and of whole categories, it is known. */
export function rowsOf(part: ViewPart): number {
  if (part.selection !== undefined) return part.selection.count;
  const { block, rows } = part;
  return rows === block.rows ? block.selection.count : rows.count();
}

/** All live rows of some categories of a block that is sorted by them: a set of them is made for who wants one. */
export class CategoriesPart implements ViewPart {
  private made: Bitset | undefined;

  constructor(
    readonly block: Block,
    readonly selection: Selection,
  ) {}

  get rows(): Bitset {
    this.made ??= liveMask(this.block.view, this.selection);
    return this.made;
  }
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
