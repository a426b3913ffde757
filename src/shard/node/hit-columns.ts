import type { HitColumns, HitTypes } from '../../query/leaf-result.js';
import type { SegmentView } from '../index/segment-view.js';
import type { LeafHit } from '../leaf/leaf-hit.js';

/** Hits as they are sent. */
export function hitColumns(
  hits: readonly LeafHit[],
  isText: boolean,
  isScored: boolean,
): HitColumns {
  const ids = hits.map((hit) => hit.id);
  const versions = hits.map((hit) => hit.version);
  if (!isText) return { ids, versions, scores: { vector: hits.map((hit) => hit.score) } };
  return {
    ids,
    versions,
    scores: {
      text: hits.map(({ parts }) => parts?.text ?? 0),
      ...(isScored ? { vector: hits.map(({ parts }) => parts?.vector ?? 0) } : {}),
      exact: hits.map(({ parts }) => parts?.exact ?? 0),
    },
    types: typesOf(hits),
  };
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
