import type { Budget } from '../../../core/budget.js';
import { Bitset } from '../../index/bitset.js';
import type { LeafHit } from '../leaf-hit.js';
import { setUnits, type Block } from '../views/block.js';
import { hashedRows } from './hashed-rows.js';
import { postingsOfSlot } from '../words/slot-postings.js';
import { keepSlot, slotRows } from './slot-rows.js';

/** A result set as a shard works with it. */
export interface AskedSet {
  /** Slots that a row has that is in it for its words; empty: none is. */
  required: readonly number[];
  /** `idHashes` of those that are in it whatever words they have. */
  members: Uint8Array;
  /** The same for rows that this shard found itself. */
  nearest: readonly LeafHit[];
  /** See `ResultSet`. */
  beyond: number | undefined;
}

/** In a smaller block any row may be near: what graphs passed over is found among them. */
const LEAST_TOLD = 32_768;

/** Rows of a block, and which of them may be near to the vector. */
export interface SetRows {
  rows: Bitset;
  near: NearRows | undefined;
}

/** All other rows have at most the cosine `beyond`, as far as graphs find. */
export interface NearRows {
  rows: Bitset;
  beyond: number;
}

/** The rows of a block that are in a result set; some, where the budget is spent first. */
export async function setRows(block: Block, asked: AskedSet, budget: Budget): Promise<SetRows> {
  const { view, rows, words } = block;
  const set = await wordRows(block, asked.required, budget);
  const members = new Bitset(view.rows);
  const add = (row: number): void => {
    if (rows.has(row)) members.add(row);
  };
  for (const row of await hashedRows(view, asked.members, budget)) add(row);
  for (const hit of asked.nearest) if (hit.view === view) add(hit.row);
  set.or(members);
  words?.exact.forEach((_, row) => {
    if (rows.has(row)) set.add(row);
  });
  const { beyond } = asked;
  // A write buffer may have got rows since they were looked for.
  const isSealed = view.ranges !== undefined && view.rows >= LEAST_TOLD;
  const isKnown = beyond !== undefined && isSealed && !budget.isSpent();
  return { rows: set, near: isKnown ? { rows: members, beyond } : undefined };
}

async function wordRows(
  { view, rows, words }: Block,
  required: readonly number[],
  budget: Budget,
): Promise<Bitset> {
  if (words === undefined || required.length === 0) return new Bitset(view.rows);
  const postings = (slot: number): number => {
    const met = words.numbered[slot];
    return met === undefined ? 0 : postingsOfSlot(met);
  };
  const [rarest = 0, ...others] = [...required].sort((a, b) => postings(a) - postings(b));
  const left = await slotRows(words, rarest, budget);
  if (left === undefined) return new Bitset(view.rows);
  left.and(rows);
  budget.spend(setUnits(view.rows));
  for (const slot of others) {
    if (!(await keepSlot(left, words, slot, budget))) return new Bitset(view.rows);
  }
  return left;
}
