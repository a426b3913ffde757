import { categoriesOf, fieldsOf, residualFilter } from '../filter/analyse.js';
import type { Filter } from '../filter/filter.js';
import { idHashes } from '../core/ids.js';
import type { FacetQuery, LeafView } from '../query/result-set.js';
import { askedField } from '../tenancy/narrowed-catalogue.js';
import type { Asked } from './asked.js';
import { seenFilter } from './narrowed-request.js';
import { hitsNeeded } from './page.js';
import type { SearchRun } from './search-run.js';
import type { FacetRequest } from './search-types.js';
import { windowHashes } from './walk-window.js';

/** All that one search looks at, and where in it what is. */
export interface RunViews {
  /** The first is of the hits themselves. */
  views: readonly LeafView[];
  /** Number of the view of pinned products; undefined: none. */
  pinned: number | undefined;
  /** Of what is left of the first hits of a walk. */
  window: number | undefined;
  /** Where each facet is counted. */
  facets: readonly { asked: FacetRequest; view: number; at: number }[];
}

/** What a search's products have to match; `without`: but for what the request says of that field. */
export function filterOf(
  { request, shaping }: SearchRun,
  { filters }: Pick<Asked, 'filters'>,
  without?: string,
): Filter {
  const more = shaping.filter === undefined ? filters : [...filters, shaping.filter];
  return seenFilter(request, withoutField(request.filter, without), more);
}

/**
 * The views of one search: its page, its pinned products, what is left of a walk's first hits, and one more for
 * each facet that is counted under another filter.
 *
 * @param atLeast hits wanted, where the page alone would take fewer
 * @param isOnly one shard has all rows: it need not name more values than are asked for
 */
export function viewsOf(run: SearchRun, asked: Asked, isOnly: boolean, atLeast = 0): RunViews {
  const { request, shop, shaping, walk } = run;
  const { sort, group, facets } = shop;
  const at = walk?.at;
  const from = walk === undefined ? shop.from : 0;
  const k = hitsNeeded(request, { ...shop, from }, asked.order === 'fused' && at === undefined);
  const main: LeafView = {
    ...viewOf(filterOf(run, asked), Math.max(k, atLeast)),
    ...(sort.length === 0 ? {} : { sort }),
    ...(at?.after === undefined ? {} : { after: at.after }),
    ...(group === undefined ? {} : { group: { ...group, limit: isOnly ? group.limit : 1 } }),
  };
  const views = [main];
  const { pinned } = shaping;
  const ofPinned = at === undefined && k > 0 && pinned.length > 0;
  if (ofPinned) {
    const ids = pinned.map(({ id }) => id);
    views.push({
      ...onlyOf(main, idHashes(ids)),
      ...(group === undefined ? {} : { group: main.group }),
    });
  }
  const window = at === undefined || at.window === '' ? undefined : at.window;
  if (window !== undefined) views.push(onlyOf(main, windowHashes(window)));
  return {
    pinned: ofPinned ? 1 : undefined,
    window: window === undefined ? undefined : views.length - 1,
    facets: facets.map((facet) => placeFacet(facet, views, run, asked, isOnly)),
    views,
  };
}

/** A view of what matches a filter, whose categories choose partitions as well. */
export function viewOf(filter: Filter, k: number): LeafView {
  const left = residualFilter(filter);
  const categories = categoriesOf(filter);
  return {
    ...(left === undefined ? {} : { filter: left }),
    ...(categories === undefined ? {} : { categories }),
    k,
  };
}

/** The categories that any of the views is of; undefined: it may be any. */
export function categoriesOfAll(views: readonly LeafView[]): readonly string[] | undefined {
  const all = new Set<string>();
  for (const { categories } of views) {
    if (categories === undefined) return undefined;
    for (const category of categories) all.add(category);
  }
  return [...all];
}

/** Some products of the set by name, whatever comes before them. */
function onlyOf({ filter, categories, sort }: LeafView, only: Uint8Array): LeafView {
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(categories === undefined ? {} : { categories }),
    ...(sort === undefined ? {} : { sort }),
    ...{ only, k: only.byteLength / HASH_BYTES },
  };
}

/** Puts a facet into the view that has its filter, or else into one of its own. */
function placeFacet(
  asked: FacetRequest,
  views: LeafView[],
  run: SearchRun,
  of: Asked,
  isOnly: boolean,
): RunViews['facets'][number] {
  const { field, limit, prefix, ranges, disjunctive } = asked;
  const wanted: FacetQuery = {
    field: askedField(run.request.narrowing, field),
    ...(isOnly ? { limit } : {}),
    ...(prefix === undefined ? {} : { prefix }),
    ...(ranges === undefined ? {} : { ranges: ranges.map(boundsOf) }),
  };
  const isNarrowed = disjunctive && clausesOf(run.request.filter).some((part) => isOn(part, field));
  let view = 0;
  if (isNarrowed) view = views.push(viewOf(filterOf(run, of, field), 0)) - 1;
  const { facets = [], ...rest } = views[view] as LeafView;
  views[view] = { ...rest, facets: [...facets, wanted] };
  return { asked, view, at: facets.length };
}

function boundsOf({ from, to }: { from?: number; to?: number }): { from?: number; to?: number } {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** A filter without its outermost clauses that are about that field alone. */
function withoutField(filter: Filter, field: string | undefined): Filter {
  if (field === undefined) return filter;
  return { kind: 'and', of: clausesOf(filter).filter((part) => !isOn(part, field)) };
}

function clausesOf(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.of.flatMap(clausesOf) : [filter];
}

function isOn(filter: Filter, field: string): boolean {
  const fields = fieldsOf(filter);
  return fields.length === 1 && fields[0] === field;
}

const HASH_BYTES = 8;
