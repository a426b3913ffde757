import type { Budget } from '../../../core/budget.js';
import type { Scalar } from '../../../filter/filter.js';
import type { GroupQuery, LeafViewResult } from '../../../query/result-set.js';
import type { SortValue } from '../../../query/sort.js';
import type { LeafHit } from '../leaf-hit.js';
import type { OrderTask } from '../views/ordered.js';
import type { Ordered, ViewPart } from '../views/view-task.js';
import { GroupedRows } from './grouped-rows.js';

/** Hits asked for at a time, for each group that is wanted, and at least. */
const HITS_A_GROUP = 4;
const LEAST_HITS = 64;
const KEY_BYTES = 8;
/** Groups whose rows are held at once, each as a set of all. */
const FILLED_AT_ONCE = 64;
/** Units of work of reading a row's group, or of finding a group by its value. */
const GROUP_UNITS = 64;

export interface GroupedHits extends Ordered {
  groups: NonNullable<LeafViewResult['groups']>;
}

/** Finds the first rows of a task in its order. */
export type FirstOf = (task: OrderTask) => Promise<Ordered>;

/** A hit with its values of the sort keys. */
interface Keyed {
  hit: LeafHit;
  keys: readonly SortValue[] | undefined;
}

interface Group {
  value: Scalar | null;
  /** Its first hits. */
  hits: Keyed[];
}

/**
 * The first `k` groups of a task's rows, in the order of their first hits, each with its first ones; or those
 * of the values that are asked for.
 */
export async function groupHits(
  task: OrderTask,
  { field, limit, values }: GroupQuery,
  firstOf: FirstOf,
  budget: Budget,
): Promise<GroupedHits> {
  const rows = await GroupedRows.of(task.parts, field, budget);
  let found: Group[] =
    values?.map((value) => ({ value, hits: [] })) ?? (await heads(task, rows, firstOf, budget));
  if (limit > 1 || values !== undefined) {
    await fill(found, { ...task, k: limit }, rows, firstOf, budget);
  }
  found = found.filter(({ hits }) => hits.length > 0);
  const keys = await rows.keys();
  const all: (Keyed & { value: Scalar | null; size: number })[] = [];
  for (const { value, hits } of found) {
    const size = value === null ? 1 : rows.sizeOf(value);
    all.push(...hits.map((each) => ({ ...each, value, size })));
    if (budget.spend(GROUP_UNITS) && !(await budget.pause())) break;
  }
  const hasKeys = task.sort !== undefined;
  return {
    hits: all.map(({ hit }) => hit),
    ...(hasKeys ? { keys: all.map(({ keys: own }) => own ?? []) } : {}),
    more: found.length < keys.byteLength / KEY_BYTES + rows.single,
    groups: {
      of: all.map(({ value }) => value),
      sizes: all.map(({ size }) => size),
      keys,
      single: rows.single,
    },
  };
}

/**
 * The first `k` groups by their first hits. The first hits of all name some; what is behind them is searched
 * again without these, as long as there are too few: what is found then comes behind.
 */
async function heads(
  task: OrderTask,
  rows: GroupedRows,
  firstOf: FirstOf,
  budget: Budget,
): Promise<Group[]> {
  const { k } = task;
  const found: Group[] = [];
  if (k === 0) return found;
  const known = new Set<Scalar>();
  let left: readonly ViewPart[] = task.parts;
  for (;;) {
    const wanted = Math.max(LEAST_HITS, HITS_A_GROUP * (k - found.length));
    const { hits, keys, more } = await firstOf({ ...task, parts: left, k: wanted });
    const blockOf = new Map(left.map(({ block }) => [block.view, block]));
    const fresh: Scalar[] = [];
    const ownOnes: LeafHit[] = [];
    for (const [i, hit] of hits.entries()) {
      if (found.length === k) break;
      const block = blockOf.get(hit.view);
      const value = block === undefined ? null : rows.groupOf(block, hit.row);
      if (value === null) ownOnes.push(hit);
      else if (known.has(value)) continue;
      else {
        known.add(value);
        fresh.push(value);
      }
      found.push({ value, hits: [{ hit, keys: keys?.[i] }] });
      if (budget.spend(GROUP_UNITS) && !(await budget.pause())) return found;
    }
    if (found.length >= k || !more || hits.length === 0 || budget.isSpent()) return found;
    left = left.map(({ block, rows: all }) => ({ block, rows: all.copy() }));
    await rows.leave(fresh, left);
    for (const { view, row } of ownOnes) {
      left.find(({ block }) => block.view === view)?.rows.delete(row);
    }
  }
}

/** Finds the first hits of each group that has a value; of some, where the budget is spent first. */
async function fill(
  groups: readonly Group[],
  task: OrderTask,
  rows: GroupedRows,
  firstOf: FirstOf,
  budget: Budget,
): Promise<void> {
  const named = groups.filter(({ value }) => value !== null);
  for (let at = 0; at < named.length; at += FILLED_AT_ONCE) {
    const some = named.slice(at, at + FILLED_AT_ONCE);
    const parts = await rows.rowsOf(some.map(({ value }) => value as Scalar));
    for (const [i, group] of some.entries()) {
      if (budget.isSpent()) return;
      const { hits, keys } = await firstOf({ ...task, parts: parts[i] ?? [] });
      if (hits.length > 0) group.hits = hits.map((hit, n) => ({ hit, keys: keys?.[n] }));
    }
  }
}
