import type { Hit } from '../search/search-types.js';

/**
 * A hit as JSON in pieces. Serialised by hand: a response schema would drop fields that products bring,
 * and stored documents are JSON.
 */
export function* hitPieces(hit: Hit): Generator<string | Buffer> {
  yield* bareHitPieces(hit);
  yield* groupPieces(hit);
  yield '}';
}

/** Without its group and the last brace. */
function* bareHitPieces(hit: Hit): Generator<string | Buffer> {
  yield `{"id":${JSON.stringify(hit.id)},"score":${hit.score},${scoresOf(hit)}"product":`;
  yield hit.json;
  yield extrasOf(hit);
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
function* groupPieces({ extras }: Hit): Generator<string | Buffer> {
  if (extras?.group === undefined) return;
  const { value, total, hits } = extras.group;
  yield `,"group":{"value":${JSON.stringify(value)},"total":${total},"hits":[`;
  for (const [i, hit] of hits.entries()) {
    if (i > 0) yield ',';
    yield* bareHitPieces(hit);
    yield '}';
  }
  yield ']}';
}
