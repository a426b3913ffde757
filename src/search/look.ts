import type { FanOutResult } from './fan-out.js';
import type { AskedShards, Round } from './ask-shards.js';
import { reliedOf, type Asked } from './asked.js';
import { resultSet, type ChosenSet } from './choose-set.js';
import type { FacetCounts, LeafView } from '../query/result-set.js';
import { facetReply } from './merge-facets.js';
import type { FoundHit } from './merge-hits.js';
import { mergeView, type MergedView } from './merge-view.js';
import { appliedThrough, checkUnchanged } from './row-states.js';
import type { SearchRun } from './search-run.js';
import type { FacetReply, MissingPart } from './search-types.js';
import type { SetChooser, SetOf } from './set-chooser.js';
import { viewsOf, type RunViews } from './views.js';
import { inWindow } from './walk-window.js';

/** What the shards together came to in the views of one search. */
export interface Looked {
  /** Hits that were asked of each shard. */
  k: number;
  main: MergedView;
  /** Pinned products that are there and match. */
  pinned: FoundHit[];
  /** What is left of a walk's first hits, in their order. */
  window: FoundHit[];
  facets: FacetReply[];
  missing: readonly MissingPart[];
  /** Some shard answered, or none had to be asked. */
  isAnswered: boolean;
  /** Of what products; undefined: of all. */
  chosen: ChosenSet | undefined;
  /** As `appliedThrough`. */
  through: number | undefined;
}

/**
 * One message a shard for all searches of one query: what does not depend on their filters is done once.
 * Rejects as `fanOut` does, and with `RowsChanged`. @param atLeast hits wanted of each
 */
export async function look(
  runs: readonly SearchRun[],
  asked: Asked,
  shards: AskedShards,
  of: SetOf,
  chooser: SetChooser,
  atLeast = 0,
): Promise<Looked[]> {
  const planned = runs.map((run) => viewsOf(run, asked, shards.isOnly, atLeast));
  const relied = of.kind === 'chosen' ? of.relied : reliedOf(asked);
  const found = await shards.ask({
    relied,
    views: planned.flatMap(({ views }) => views),
    ...setOf(runs, of),
    ...(of.kind === 'all' && runs.some(isFurther) ? { exact: true } : {}),
  });
  checkUnchanged(relied, found);
  const chosen = of.kind === 'open' ? chooser.settle(of, found).chosen : chosenOf(of);
  const through = appliedThrough(found.rows);
  const mergedMs = performance.now();
  let first = 0;
  const looked = planned.map((one, i) => {
    const from = first;
    first += one.views.length;
    return { ...merged(one, from, runs[i] as SearchRun, asked, found), chosen, through };
  });
  for (const { clock } of runs) clock.spent('merge', mergedMs);
  const [only, ...others] = looked;
  if (of.kind === 'all' && only !== undefined && others.length === 0) {
    shards.tellReach(found, () => only.main.hits.map(({ score }) => score));
  }
  return looked;
}

/** One more view of the same set. */
export async function viewOnce(
  view: LeafView,
  run: SearchRun,
  { order }: Asked,
  shards: AskedShards,
  of: SetOf,
): Promise<MergedView> {
  const { answers } = await shards.ask({ views: [view], ...setOf([run], of) });
  return mergeView(answers, 0, view, order);
}

/** Where nobody needs to be asked. */
export function nothingFound({ shop }: SearchRun): Looked {
  const none: FacetCounts = { values: [], counts: [], other: 0, distinct: 0 };
  return {
    main: { hits: [], total: 0, exhausted: true, facets: [] },
    ...{ k: 0, pinned: [], window: [], missing: [], isAnswered: true },
    ...{ chosen: undefined, through: undefined },
    facets: shop.facets.map((asked) => facetReply(asked, none)),
  };
}

/** A page behind the first: of vectors only all in their order have slices. */
function isFurther({ shop, walk }: SearchRun): boolean {
  return shop.from > 0 || walk !== undefined;
}

/** What of `of` a shard has to know. */
function setOf(runs: readonly SearchRun[], of: SetOf): Pick<Round, 'set' | 'choose' | 'ofAll'> {
  const pinned = runs[0]?.shaping.pinned.map(({ id }) => id) ?? [];
  switch (of.kind) {
    case 'all':
      return {};
    case 'chosen':
      return { set: resultSet(of.chosen, pinned) };
    case 'open': {
      const { members } = resultSet(NOTHING, pinned);
      return { set: { members }, choose: of.choice, ofAll: true };
    }
  }
}

function chosenOf(of: Exclude<SetOf, { kind: 'open' }>): ChosenSet | undefined {
  return of.kind === 'chosen' ? of.chosen : undefined;
}

function merged(
  { views, pinned, window, facets }: RunViews,
  first: number,
  { walk }: SearchRun,
  { order }: Asked,
  { answers, missing, answered }: FanOutResult,
): Omit<Looked, 'chosen' | 'through'> {
  const of = views.map((view, i) => mergeView(answers, first + i, view, order));
  const hitsOf = (view: number | undefined): FoundHit[] =>
    view === undefined ? [] : (of[view]?.hits ?? []);
  return {
    k: views[0]?.k ?? 0,
    main: of[0] as MergedView,
    pinned: hitsOf(pinned),
    window: inWindow(walk?.at?.window ?? '', hitsOf(window)),
    facets: facets.flatMap(({ asked, view, at }) => {
      const counts = of[view]?.facets[at];
      return counts === undefined ? [] : [facetReply(asked, counts)];
    }),
    missing,
    isAnswered: answered || missing.length === 0,
  };
}

const NOTHING: ChosenSet = { required: [], nearest: new Uint8Array(), isNamed: false };
