import type { Explanation, ShardExplanation } from '../search/explanation.js';
import type { Hit, SearchReply, TextReply } from '../search/search-types.js';

/**
 * A search's answer as JSON in pieces, its hits forgotten one by one as they are written out. Serialised
 * by hand: a response schema would drop fields that products bring, and stored documents are JSON.
 */
export function* searchReplyPieces(reply: SearchReply): Generator<string | Buffer> {
  const { hits } = reply;
  hits.reverse();
  let before = '{"hits":[';
  for (let hit = hits.pop(); hit !== undefined; hit = hits.pop()) {
    yield `${before}{"id":${JSON.stringify(hit.id)},"score":${hit.score},${scoresOf(hit)}"product":`;
    yield hit.json;
    yield extrasOf(hit);
    before = ',';
  }
  const rest = JSON.stringify(restOfReply(reply)).slice(1);
  yield `${before === ',' ? '' : before}],${rest}`;
}

function scoresOf({ scores }: Hit): string {
  if (scores === undefined) return '';
  const { text, vector, type, exact } = scores;
  return `"scores":{"text":${text},"vector":${vector},"type":${type},"exact":${exact}},`;
}

/** The end of a hit. */
function extrasOf({ extras }: Hit): string {
  if (extras === undefined) return '}';
  const { highlight, explanation } = extras;
  const explain = explanation && {
    matched: explanation.matched,
    vector_part: explanation.vectorPart,
  };
  const members = JSON.stringify({ highlight, explain });
  return members === '{}' ? '}' : `,${members.slice(1)}`;
}

/** All but the hits. */
function restOfReply(reply: SearchReply): object {
  const { tookMs, timingsMs, embedding, model, missing, unknownFields } = reply;
  const { explanation, text } = reply;
  return {
    ...(text === undefined ? {} : textBody(text)),
    took_ms: rounded(tookMs),
    timings_ms: {
      embed: rounded(timingsMs.embed),
      search: rounded(timingsMs.search),
      join: rounded(timingsMs.join),
    },
    ...(embedding === undefined ? {} : { embedding }),
    model,
    partial: missing.length === 0 ? null : { missing },
    ...(unknownFields.length === 0 ? {} : { unknown_fields: unknownFields }),
    ...(explanation === undefined ? {} : { explain: explanationBody(explanation) }),
  };
}

function textBody({ total, rewritten, didYouMean, understood, isApproximate }: TextReply): object {
  return {
    ...{ total, rewritten, did_you_mean: didYouMean, understood },
    ...(isApproximate ? { approximate: true } : {}),
  };
}

function explanationBody({ timingsMs, rounds, k, shards, words, embedded }: Explanation): object {
  const { embed, plan, fanOut, merge, join } = timingsMs;
  return {
    ...(words === undefined
      ? {}
      : { words: words.map(({ isKnown, ...word }) => ({ ...word, known: isKnown })), embedded }),
    timings_ms: {
      ...(words === undefined ? {} : { words: rounded(timingsMs.words) }),
      embed: rounded(embed),
      plan: rounded(plan),
      fan_out: rounded(fanOut),
      merge: rounded(merge),
      join: rounded(join),
    },
    rounds,
    k,
    shards: shards.map(shardBody),
  };
}

function shardBody(explained: ShardExplanation): object {
  const { shard, roundTripMs, tookMs, partitions, refused, matches, leaf } = explained;
  return {
    shard,
    round_trip_ms: rounded(roundTripMs),
    took_ms: rounded(tookMs),
    partitions,
    refused,
    ...(leaf === undefined
      ? {}
      : {
          live: leaf.live,
          yields: leaf.yields,
          matches,
          steps: leaf.steps.map((step) => ({
            segment: step.block,
            categories: step.categories,
            plan: step.plan,
            rows: step.rows,
            matches: step.matches,
            ...(step.ef === undefined ? {} : { ef: step.ef }),
            ...(step.candidates === undefined ? {} : { candidates: step.candidates }),
            ...(step.estimatedUs === undefined
              ? {}
              : { estimated_ms: rounded(step.estimatedUs / 1_000) }),
            rows_scanned: step.rowsScanned,
            rescored: step.rescored,
            took_ms: rounded(step.tookUs / 1_000),
            gave_up: step.gaveUp,
          })),
        }),
  };
}

/** To the microsecond: more would be noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
