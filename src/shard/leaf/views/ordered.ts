import type { Budget } from '../../../core/budget.js';
import { TopK } from '../../../core/top-k.js';
import type { LeafView } from '../../../query/result-set.js';
import { Bitset } from '../../index/bitset.js';
import type { LeafHit } from '../leaf-hit.js';
import { traced, type SearchTrace } from '../search-trace.js';
import { describePart, type Block } from './block.js';
import type { BlockScores } from './block-scores.js';
import { offerByScore, type ScoreTaker } from './by-score.js';
import { SortedTop } from './by-sort.js';
import { SCORE } from './span-order.js';
import { TopRows } from './top-rows.js';
import type { Ordered, ViewPart } from './view-task.js';

/** Rows of which the first are wanted in an order. */
export interface OrderTask extends Pick<LeafView, 'k' | 'sort' | 'after'> {
  parts: readonly ViewPart[];
}

/** Whether an order is that of the scores alone. */
export function isByScore(sort: LeafView['sort']): boolean {
  const [first, ...others] = sort ?? [];
  if (first === undefined) return true;
  return first.field === SCORE && first.order === 'desc' && others.length === 0;
}

/** The best by score of several tasks: a row that is in more than one is scored once. */
export async function byScore(
  tasks: readonly OrderTask[],
  scores: BlockScores,
  budget: Budget,
): Promise<Ordered[]> {
  const tops = tasks.map(({ k }) => new TopK<LeafHit>(k));
  const behind = tasks.map(() => ({ behind: 0 }));
  const blocks = new Set(tasks.flatMap(({ parts }) => parts.map(({ block }) => block)));
  for (const block of blocks) {
    if (budget.isSpent()) break;
    const of = await scores.of(block);
    if (of === undefined) break;
    const takers = tasks.flatMap(({ parts, after, k }, task) => {
      const rows = parts.find((part) => part.block === block)?.rows;
      if (rows === undefined) return [];
      const top = tops[task] as TopK<LeafHit>;
      const best = new TopRows(k, { compare: (a, b) => of.compareIds(a, b) });
      const from = after && { score: Number(after.keys[0]), id: after.id };
      const seen = behind[task] as ScoreTaker['seen'];
      return [{ rows, best, least: top.floor, after: from, seen, top }];
    });
    await offerByScore(union(takers.map(({ rows }) => rows)), of, takers, budget);
    for (const { best, top } of takers) {
      for (const row of best.sorted()) top.offer(of.hit(row));
    }
  }
  return tasks.map(({ k, sort }, i) => {
    const hits = (tops[i] as TopK<LeafHit>).sorted();
    const keys = sort?.length === 1 ? { keys: hits.map(({ score }) => [score]) } : {};
    return { hits, ...keys, more: (behind[i] as ScoreTaker['seen']).behind > k };
  });
}

function union([first, ...others]: readonly Bitset[]): Bitset {
  if (first === undefined) return new Bitset(0);
  if (others.length === 0) return first;
  const all = first.copy();
  for (const other of others) all.or(other);
  return all;
}

/**
 * The first rows under sort keys.
 *
 * @param scores of rows by which is sorted
 * @param scoresOfHits gives those of the rows that are found
 */
export async function bySort(
  { parts, sort = [], after, k }: OrderTask,
  scores: BlockScores,
  scoresOfHits: () => BlockScores,
  budget: Budget,
  trace: SearchTrace | undefined,
): Promise<Ordered> {
  const top = new SortedTop(sort, after, k, budget);
  const needsScores = sort.some(({ field }) => field === SCORE);
  for (const { block, rows } of parts) {
    if (budget.isSpent()) break;
    const of = needsScores ? await scores.of(block) : undefined;
    if (needsScores && of === undefined) break;
    const add = (): Promise<void> => top.add(block, rows, of);
    await traced(trace, () => describePart(block, 'sort', rows), budget, add);
  }
  const { rows, behind } = top;
  const hits = await scored(rows, parts, scoresOfHits(), budget);
  return { hits, keys: rows.slice(0, hits.length).map(({ keys }) => keys), more: behind > k };
}

/** Rows between two looks at the budget. */
const SLICE_ROWS = 64;

/** The rows as hits, as far as the budget allows. */
async function scored(
  rows: SortedTop['rows'],
  parts: readonly ViewPart[],
  scores: BlockScores,
  budget: Budget,
): Promise<LeafHit[]> {
  const blockOf = new Map(parts.map(({ block }) => [block.view, block]));
  const wanted = new Map<Block, Bitset>();
  for (const { view, row } of rows) {
    const block = blockOf.get(view) as Block;
    const own = wanted.get(block) ?? new Bitset(view.rows);
    own.add(row);
    wanted.set(block, own);
  }
  for (const [block, own] of wanted) scores.want({ block, rows: own });
  const hits: LeafHit[] = [];
  try {
    for (const { view, row } of rows) {
      const of = await scores.of(blockOf.get(view) as Block);
      if (of === undefined) break;
      hits.push(of.hit(row));
      if (hits.length % SLICE_ROWS === 0 && budget.spend(SLICE_ROWS) && !(await budget.pause())) {
        break;
      }
    }
  } finally {
    scores.release();
  }
  return hits;
}
