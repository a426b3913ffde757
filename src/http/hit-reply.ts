import type { Hit, HitExtras } from '../search/search-types.js';

/**
 * A hit as JSON in pieces. Serialised by hand: a response schema would drop fields that products bring,
 * and stored documents are JSON.
 */
export function hitPieces(hit: Hit): (string | Buffer)[] {
  const head = headOf(hit);
  const group = hit.extras?.group;
  if (group === undefined) return [head, hit.json, `${extrasOf(hit)}}`];
  return [head, hit.json, extrasOf(hit), ...groupPieces(group), '}'];
}

/** Up to its product. */
function headOf(hit: Hit): string {
  return `{"id":${JSON.stringify(hit.id)},"score":${hit.score},${scoresOf(hit)}"product":`;
}

function scoresOf({ scores }: Hit): string {
  if (scores === undefined) return '';
  const { text, vector, type, exact } = scores;
  return `"scores":{"text":${text},"vector":${vector},"type":${type},"exact":${exact}},`;
}

function extrasOf({ extras }: Hit): string {
  if (extras === undefined) return '';
  const { isWidened, highlight, explanation } = extras;
  const explain = explanation && {
    matched: explanation.matched,
    vector_part: explanation.vectorPart,
  };
  const widened = isWidened === true ? true : undefined;
  const members = JSON.stringify({ widened, highlight, explain });
  return members === '{}' ? '' : `,${members.slice(1, -1)}`;
}

/** The first hit of a group is the one that the group hangs on: none of them has groups of its own. */
function groupPieces({ value, total, hits }: NonNullable<HitExtras['group']>): (string | Buffer)[] {
  const each = hits.flatMap((hit, i) => {
    return [`${i > 0 ? ',' : ''}${headOf(hit)}`, hit.json, `${extrasOf(hit)}}`];
  });
  return [`,"group":{"value":${JSON.stringify(value)},"total":${total},"hits":[`, ...each, ']}'];
}
