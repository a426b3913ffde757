import { TopK } from '../../../core/top-k.js';
import type { LeafHit, LeafRun } from '../leaf-hit.js';
import { searchVectors, type SelectedView } from '../search-vectors.js';
import type { Boost } from '../../../query/result-set.js';
import type { Matches } from './matches.js';
import { rowsOf, type Ordered, type ViewPart } from './view-task.js';

/** Rows of a view that match the same boosts, so that their order is that of their cosines. */
interface BoostClass {
  boost: number;
  parts: readonly ViewPart[];
}

/**
 * The hits of a view nearest to a vector, by graph or scan. What boosts add decides before candidates are
 * chosen: rows that match the same ones are searched together.
 */
export async function nearest(
  parts: readonly ViewPart[],
  boosts: readonly Boost[],
  run: LeafRun,
  matches: Matches,
): Promise<Ordered> {
  const filtered = run.filtered || boosts.length > 0;
  const found: LeafHit[] = [];
  let total = 0;
  for (const { boost, parts: some } of await classesOf(parts, boosts, matches)) {
    const top = new TopK<LeafHit>(run.k);
    const selected = some.map(selectedOf);
    for (const { selection } of selected) total += selection.count;
    await searchVectors(selected, { ...run, filtered }, top);
    for (const hit of top.sorted()) found.push(boosted(hit, boost));
  }
  // Without boosts there is one class, whose hits are in their order.
  return { hits: boosts.length === 0 ? found : bestOf(found, run.k), more: total > run.k };
}

function bestOf(hits: readonly LeafHit[], k: number): LeafHit[] {
  const top = new TopK<LeafHit>(k);
  for (const hit of hits) top.offer(hit);
  return top.sorted();
}

function boosted(hit: LeafHit, boost: number): LeafHit {
  const { id, version, view, row, score: vector } = hit;
  const parts = { text: 0, vector, exact: 0, boost };
  return { id, score: vector + boost, version, view, row, parts };
}

function selectedOf(part: ViewPart): SelectedView {
  const { view, selection } = part.block;
  if (part.selection !== undefined) return { view, selection: part.selection };
  const { rows } = part;
  const count = rowsOf(part);
  // All of them: a mask would only be looked at.
  const isWhole = count === selection.count && selection.mask === undefined;
  return { view, selection: isWhole ? selection : { ...selection, mask: rows, count } };
}

async function classesOf(
  parts: readonly ViewPart[],
  boosts: readonly Boost[],
  matches: Matches,
): Promise<BoostClass[]> {
  let classes: BoostClass[] = [{ boost: 0, parts }];
  for (const { filter, weight } of boosts) {
    const split: BoostClass[] = [];
    for (const { boost, parts: some } of classes) {
      const having: ViewPart[] = [];
      const others: ViewPart[] = [];
      for (const { block, rows } of some) {
        const boosted = rows.copy();
        await matches.keep(boosted, filter, block);
        having.push({ block, rows: boosted });
        others.push({ block, rows: rows.copy().andNot(boosted) });
      }
      split.push({ boost: boost + weight, parts: having.filter(hasRows) });
      split.push({ boost, parts: others.filter(hasRows) });
    }
    classes = split.filter(({ parts: some }) => some.length > 0);
  }
  return classes;
}

function hasRows({ rows }: ViewPart): boolean {
  return rows.count() > 0;
}
