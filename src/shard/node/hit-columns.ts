import type { HitColumns, HitTypes } from '../../query/leaf-result.js';
import type { SegmentView } from '../index/segment-view.js';
import type { SortValue } from '../../query/sort.js';
import type { LeafHit, ScoreParts } from '../leaf/leaf-hit.js';
import type { ViewFound } from '../leaf/views/looking.js';

/** What hits of views have besides ids and versions. */
export interface ViewColumns {
  /** Their scores are of words and meaning together. */
  isText: boolean;
  hasVector: boolean;
  hasBoosts: boolean;
  /** What kind of product each is matters. */
  hasTypes: boolean;
}

/** Hits of a view as they are sent. */
export function viewColumns(
  { hits, keys }: Pick<ViewFound, 'hits' | 'keys'>,
  { isText, hasVector, hasBoosts, hasTypes }: ViewColumns,
): HitColumns {
  const part = (name: keyof ScoreParts): number[] => hits.map(({ parts }) => parts?.[name] ?? 0);
  return {
    ids: hits.map(({ id }) => id),
    versions: hits.map(({ version }) => version),
    scores: {
      ...(isText ? { text: part('text'), exact: part('exact') } : {}),
      ...(hasVector ? { vector: part('vector') } : {}),
      ...(hasBoosts ? { boost: part('boost') } : {}),
    },
    ...(hasTypes ? { types: typesOf(hits) } : {}),
    ...(keys === undefined ? {} : { sort: transposed(keys) }),
  };
}

function transposed(keys: readonly (readonly SortValue[])[]): SortValue[][] {
  const [first] = keys;
  return first?.map((_, i) => keys.map((ofHit) => ofHit[i] ?? null)) ?? [];
}

/** Each set once, as far as a view knows that it is the same. */
function typesOf(hits: readonly LeafHit[]): HitTypes {
  const sets: Uint8Array[] = [];
  const known = new Map<SegmentView, Map<number, number>>();
  const of = hits.map(({ view, row }) => {
    const set = view.terms.typeSet(row);
    const ofView = known.get(view) ?? new Map<number, number>();
    known.set(view, ofView);
    let place = ofView.get(set);
    if (place === undefined) {
      place = sets.push(view.terms.typesOf(set)) - 1;
      ofView.set(set, place);
    }
    return place;
  });
  return { sets, of };
}
