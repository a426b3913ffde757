import { TopK } from '../core/top-k.js';
import type { Filter } from '../filter/filter.js';
import type { Partition } from '../store/store.js';
import { Bitset } from './bitset.js';
import type { Block } from './block.js';
import type { CostModel } from './cost-model.js';
import type { LeafHit, LeafQuery } from './leaf-hit.js';
import {
  leafSearch,
  type LeafRequest,
  type LeafResult,
  type SelectedBlock,
} from './leaf-search.js';
import type { RecallSample } from './recall-evidence.js';
import { scanRows } from './scan-rows.js';
import { bandOf } from './selectivity-band.js';
import type { TenantIndex } from './tenant-index.js';

/** A search that is done again to see what it misses. */
export interface RepeatQuery {
  vector: Float32Array;
  filter: Filter | undefined;
  partitions: readonly Partition[];
  k: number;
  /** Only matches with this score or a better one count: those that the caller could be given. */
  floor: number;
}

export interface RepeatResult {
  band: number;
  /** No graph chose any hit, or the filter led astray: there is one sample, and it tells nothing of `ef`. */
  scanned: boolean;
  /** What was found at each of the widths asked for, in their order. */
  samples: RecallSample[];
}

/** float32 values read in one turn: 2,048 rows of 512, about a millisecond. */
const VALUES_A_TURN = 1 << 20;
/** Slices are cut where so many rows end: whole words of a bitmap. */
const WINDOW_ROWS = 256;

/** Waits until the shard has nothing better to do; rejects when it closes. */
export type NextTurn = () => Promise<void>;

/**
 * Runs `query` as a caller's search is run, once at each of the widths that `efsOf` gives for its
 * band, then compares that with every match, a slice a turn. All see the rows of the first turn,
 * which is graph searches only and so a few milliseconds: what changes meanwhile changes none of it.
 * Undefined when nothing counts, or rows changed in the very moment of the search.
 */
export async function repeatExactly(
  index: TenantIndex,
  query: RepeatQuery,
  efsOf: (band: number) => readonly number[],
  costs: CostModel,
  nextTurn: NextTurn,
): Promise<RepeatResult | undefined> {
  await nextTurn();
  const { generation } = index;
  const { vector, filter, k, partitions } = query;
  const search = (efOf: LeafRequest['efOf']): Promise<LeafResult> =>
    leafSearch(index, { vector, filter, k, exact: false, efOf, costs }, () => partitions);
  // The first tells the band, and so the other widths.
  let efs: readonly number[] = [];
  let band = 0;
  const first = await search((matches, live) => {
    band = bandOf(matches, live);
    efs = efsOf(band);
    return efs[0] ?? 1;
  });
  const found = [first.hits];
  const scanned = first.scanned || first.astray;
  // Not in turns of their own: under steady writes no two turns have the same rows.
  for (const ef of scanned ? [] : efs.slice(1)) found.push((await search(() => ef)).hits);
  if (first.matches === 0 || index.generation !== generation) return undefined;
  const rows = first.selected.map(({ block, selection }) => ({
    block,
    mask: matchesOf({ block, selection }),
  }));

  const exact = new TopK<LeafHit>(k);
  const scan: LeafQuery = { ...query, ef: 0, exact: true, costs };
  for (const { block, mask } of rows) await scanInSlices(block, mask, scan, exact, nextTurn);
  const best = exact.sorted().filter(({ score }) => score >= query.floor);
  const worst = best.at(-1)?.score;
  if (worst === undefined) return undefined;
  const samples = found.map((hits) => compare(hits, best.length, worst));
  return { band, scanned, samples };
}

/** By score: of equal ones at the end of the list either is right. */
function compare(hits: readonly LeafHit[], expected: number, worst: number): RecallSample {
  const found = hits.filter(({ score }) => score >= worst).length;
  return { found: Math.min(expected, found), expected };
}

/** The rows that match now, in a set of its own. */
function matchesOf({ block, selection: { mask, ranges } }: SelectedBlock): Bitset {
  if (mask !== undefined) return mask;
  const rows = new Bitset(block.rows);
  for (const { from, to } of ranges ?? [{ from: 0, to: block.rows }]) rows.addRange(from, to);
  // A tail's bitmap has room for rows to come.
  const dead = block.dead.words.subarray(0, rows.words.length);
  return rows.andNot(new Bitset(block.rows, dead));
}

async function scanInSlices(
  block: Block,
  mask: Bitset,
  query: LeafQuery,
  top: TopK<LeafHit>,
  nextTurn: NextTurn,
): Promise<void> {
  const sliceRows = Math.max(1, Math.floor(VALUES_A_TURN / query.vector.length));
  const slice = new Bitset(mask.size);
  let from = 0;
  let count = 0;
  for (let at = 0; at < mask.size; at += WINDOW_ROWS) {
    const to = at + WINDOW_ROWS;
    count += mask.count(at, Math.min(to, mask.size));
    if (count === 0 || (count < sliceRows && to < mask.size)) continue;
    await nextTurn();
    slice.words.set(mask.words.subarray(from >>> 5, to >>> 5), from >>> 5);
    scanRows(block, { count, mask: slice, ranges: undefined }, query, top);
    slice.words.fill(0, from >>> 5, to >>> 5);
    from = to;
    count = 0;
  }
}
