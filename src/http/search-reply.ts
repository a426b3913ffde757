import type { ColdReply, Hit, SearchReply, TextReply } from '../search/search-types.js';
import { explanationBody } from './explain-reply.js';
import { hitPieces } from './hit-reply.js';
import { rounded } from './rounded.js';
import { shopBody } from './shop-reply.js';

/** What a reply says of its request. */
export interface SearchReplyOptions {
  queryId: string;
  /** Undefined where none was asked for. */
  page: { number: number; size: number } | undefined;
}

/** A search's answer as JSON in pieces, its hits forgotten one by one as they are written out. */
export function* searchReplyPieces(
  reply: SearchReply,
  options: SearchReplyOptions,
): Generator<string | Buffer> {
  const { hits } = reply;
  hits.reverse();
  yield '{"hits":[';
  yield* listPieces(hits);
  yield '],';
  if (reply.cold !== undefined) yield* coldPieces(reply.cold);
  yield JSON.stringify(restOfReply(reply, options)).slice(1);
}

/** @param hits the last first: each is forgotten as it is written out */
function* listPieces(hits: Hit[]): Generator<string | Buffer> {
  let before = '';
  for (let hit = hits.pop(); hit !== undefined; hit = hits.pop()) {
    yield before;
    for (const piece of hitPieces(hit)) yield piece;
    before = ',';
  }
}

function* coldPieces({ hits, compared, missing }: ColdReply): Generator<string | Buffer> {
  const partial = missing === undefined ? null : { reason: missing };
  yield '"cold":{"hits":[';
  yield* listPieces([...hits].reverse());
  yield `],${JSON.stringify({ compared, partial }).slice(1)},`;
}

/** All but the hits. */
function restOfReply(reply: SearchReply, { queryId, page }: SearchReplyOptions): object {
  const { tookMs, timingsMs, embedding, model, missing, coverage, unknownFields } = reply;
  const { explanation, text, shop } = reply;
  return {
    total: shop.total,
    ...(page === undefined ? {} : { page: page.number, per_page: page.size }),
    ...(text === undefined ? {} : textBody(text)),
    ...shopBody(shop),
    took_ms: rounded(tookMs),
    timings_ms: {
      embed: rounded(timingsMs.embed),
      search: rounded(timingsMs.search),
      join: rounded(timingsMs.join),
    },
    ...(embedding === undefined ? {} : { embedding }),
    model,
    partial: missing.length === 0 ? null : { missing, ...(coverage && { coverage }) },
    ...(unknownFields.length === 0 ? {} : { unknown_fields: unknownFields }),
    query_id: queryId,
    ...(explanation === undefined ? {} : { explain: explanationBody(explanation) }),
  };
}

function textBody({ rewritten, didYouMean, understood, isApproximate }: TextReply): object {
  return {
    ...{ rewritten, did_you_mean: didYouMean, understood },
    ...(isApproximate ? { approximate: true } : {}),
  };
}
