import type { LeafView } from '../query/result-set.js';
import type { StoreReader } from '../store/store.js';
import { arrange, placeOf, type Arranged } from './arrange.js';
import type { AskedShards } from './ask-shards.js';
import { describerOf, type Asked } from './asked.js';
import { fillGroups, valuesOf } from './group-hits.js';
import { joinGroups } from './join-groups.js';
import { Join, type Joined } from './join-hits.js';
import type { Looked } from './look.js';
import type { FoundHit } from './merge-hits.js';
import type { MergedView } from './merge-view.js';
import type { SearchRun } from './search-run.js';
import type { Hit, MissingPart } from './search-types.js';
import { filterOf, viewOf } from './views.js';
import type { WalkPlace } from './cursor.js';

/** The page of one search. */
export interface FoundPage {
  hits: Hit[];
  missing: readonly MissingPart[];
  /** Where the next page begins; undefined: there is none. */
  next: WalkPlace | undefined;
}

/** What a page is made with. */
export interface PageTools {
  store: StoreReader;
  asked: Asked;
  shards: AskedShards;
  /** Looks again, for so many hits at least. */
  again: (atLeast: number) => Promise<Looked>;
  /** One more view of the same set. */
  view: (view: LeafView) => Promise<MergedView>;
}

/** Wider and wider rounds when the join dropped more hits than were looked at beyond the page. */
const MAX_ROUNDS = 4;
const WIDER = 4;

/** Orders what was found, and joins the page of it; looks further while the join drops too much. */
export async function findPage(
  first: Looked,
  run: SearchRun,
  tools: PageTools,
): Promise<FoundPage> {
  const { request, caller, walk, shop } = run;
  const { asked, shards, store } = tools;
  const { topK } = request;
  const page: FoundPage = { hits: [], missing: first.missing, next: undefined };
  const join = joiner(run, tools);
  let looked = first;
  for (let rounds = 1; ; rounds++) {
    const arrangedMs = performance.now();
    const arranged = await arrange(looked, run, asked, shards, store);
    run.clock.spent('rerank', arrangedMs);
    const from = walk === undefined ? shop.from : 0;
    const startedMs = performance.now();
    const { hits, missing } = await join(arranged.hits.slice(from));
    run.clock.spent('join', startedMs);
    // A wider round in which a shard was late, or the join, may know less than the one before.
    if (hits.length >= page.hits.length) {
      page.hits = hits;
      const isCut = hits.length >= topK || missing !== undefined;
      page.next = placeBehind(isCut ? hits.at(-1) : undefined, arranged, looked.main);
    }
    page.missing = looked.missing;
    if (missing !== undefined) return lacking(page, { part: 'store', reason: missing });
    if (page.hits.length >= topK || looked.main.exhausted) return page;
    const isOver = rounds === MAX_ROUNDS || shards.deadline.expired || caller.signal.aborted;
    if (isOver) return lacking(page, { part: 'shard', reason: 'stale_index' });
    looked = await tools.again(looked.k * WIDER);
    // The narrower round's hits stand; what the wider one was for is missing.
    if (!looked.isAnswered) return { ...page, missing: looked.missing };
  }
}

function lacking(page: FoundPage, part: MissingPart): FoundPage {
  return { ...page, missing: [...page.missing, part] };
}

/** Turns the hits of a page into products, those of a group together. */
function joiner(
  run: SearchRun,
  { store, asked, shards, view }: PageTools,
): (hits: readonly FoundHit[]) => Promise<Joined> {
  const { request, caller, deadline, shop, shaping, list } = run;
  const { group, sort } = shop;
  const filter = filterOf(run, asked);
  const joinOf = (topK: number): Join =>
    new Join(store, { ...request, topK, filter }, caller, deadline, describerOf(asked, run), list);
  if (group === undefined) {
    const join = joinOf(request.topK);
    return (hits) => join.hits(hits);
  }
  const fill = async (heads: FoundHit[]): Promise<FoundHit[]> => {
    // The view of pinned products has no others of their groups.
    const isWhole = shards.isOnly && shaping.pinned.length === 0;
    const values = isWhole ? [] : valuesOf(heads);
    if (values.length === 0) return heads;
    const whole: LeafView = { ...viewOf(filter, values.length), group: { ...group, values } };
    const filled = await view(sort.length === 0 ? whole : { ...whole, sort });
    return fillGroups(heads, filled.hits, group.limit);
  };
  return async (hits) => {
    const grouped: Hit[] = [];
    for (let at = 0; at < hits.length && grouped.length < request.topK;) {
      const heads = hits.slice(at, at + request.topK - grouped.length);
      at += heads.length;
      const { hits: found, missing } = await joinGroups(await fill(heads), joinOf);
      grouped.push(...found);
      if (missing !== undefined) return { hits: grouped, missing };
    }
    return { hits: grouped, missing: undefined };
  };
}

/** @param last hit of the page; undefined: it has all that were looked at */
function placeBehind(
  last: Hit | undefined,
  { hits, fixed, behind }: Arranged,
  { exhausted }: MergedView,
): WalkPlace | undefined {
  const given = last === undefined ? hits.length : hits.findIndex(({ id }) => id === last.id) + 1;
  if (given >= hits.length && exhausted) return undefined;
  if (given < fixed) return { window: hits.slice(given, fixed), after: behind };
  return { window: [], after: given > fixed ? placeOf(hits[given - 1]) : behind };
}
