import type { SearchReply } from '../search/search-types.js';

/** A search's answer as it goes over the wire. */
export function searchReplyBody(reply: SearchReply): object {
  const { hits, tookMs, timingsMs, embedding, model, cached, missing, unknownFields } = reply;
  return {
    hits: hits.map(({ id, score, product }) => ({ id, score, product })),
    took_ms: rounded(tookMs),
    timings_ms: {
      embed: rounded(timingsMs.embed),
      search: rounded(timingsMs.search),
      join: rounded(timingsMs.join),
    },
    ...(embedding === undefined ? {} : { embedding }),
    model,
    ...(cached ? { cached } : {}),
    partial: missing.length === 0 ? null : { missing },
    ...(unknownFields.length === 0 ? {} : { unknown_fields: unknownFields }),
  };
}

/** To the microsecond: more would be noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
