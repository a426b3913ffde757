import type { Filter } from '../filter/filter.js';
import type { LeafView } from '../query/result-set.js';
import { askedField } from '../tenancy/narrowed-catalogue.js';
import { damerau } from '../text/damerau.js';
import { foldCase } from '../text/fold.js';
import type { AskedShards } from './ask-shards.js';
import type { Asked } from './asked.js';
import { mergeView } from './merge-view.js';
import { reachOf } from './narrowed-request.js';
import type { SearchRun } from './search-run.js';
import type { Warning } from './search-types.js';
import { viewOf } from './views.js';

/** So many wrong values are told of at most: each costs a look. */
const MAX_WARNINGS = 3;
/** Of the values that begin alike, the commonest. */
const LOOKED_THROUGH = 1_000;
/** Shorter texts are spelt nearly like too many others: so many letters an edit. */
const LETTERS_AN_EDIT = 4;
const MAX_EDITS = 2;

/**
 * Values of the request's filter that no product has which the caller may see, each with the one that may have been meant.
 * Never rejects: what cannot be looked up is not told.
 */
export async function unknownValues(
  { request }: SearchRun,
  { order }: Asked,
  shards: AskedShards,
): Promise<Warning[]> {
  const wanted = valuesOf(request.filter).slice(0, MAX_WARNINGS);
  if (wanted.length === 0) return [];
  const fieldOf = (field: string): string => askedField(request.narrowing, field);
  const facets = wanted.flatMap(({ field, value }) => [
    { field: fieldOf(field), prefix: value, limit: LOOKED_THROUGH },
    {
      field: fieldOf(field),
      prefix: String.fromCodePoint(value.codePointAt(0) ?? 0),
      limit: LOOKED_THROUGH,
    },
  ]);
  const view: LeafView = { ...viewOf(reachOf(request), 0), facets };
  const { answers, missing } = await shards.ask({ views: [view], text: undefined });
  if (missing.length > 0) return [];
  const { facets: found } = mergeView(answers, 0, view, order);
  return wanted.flatMap(({ field, value }, i) => {
    const alike = [...(found[2 * i]?.values ?? []), ...(found[2 * i + 1]?.values ?? [])].filter(
      (other) => typeof other === 'string',
    );
    if (alike.includes(value)) return [];
    const nearest = nearestTo(value, alike);
    const hint = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
    const message = `no product has ${JSON.stringify(value)} in ${field}${hint}`;
    return [{ code: 'unknown_value', field, message }];
  });
}

/** Texts that a field has to be equal to, one of them or all. */
function valuesOf(filter: Filter): { field: string; value: string }[] {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.of.flatMap(valuesOf);
  if (filter.kind !== 'in') return [];
  const { field, values } = filter;
  return values.flatMap((value) =>
    typeof value === 'string' && value !== '' ? [{ field, value }] : [],
  );
}

/** The same but for case and accents, or what it begins, or what is spelt nearly so. */
function nearestTo(value: string, others: readonly string[]): string | undefined {
  const folded = foldCase(value);
  const most = Math.min(MAX_EDITS, Math.floor(folded.length / LETTERS_AN_EDIT));
  const byEdits = others
    .map((other) => ({ other, edits: damerau(folded, foldCase(other), most) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  return (
    others.find((other) => foldCase(other) === folded) ??
    others.find((other) => foldCase(other).startsWith(folded)) ??
    byEdits[0]?.other
  );
}
