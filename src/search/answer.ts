import type { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { fieldsOf } from '../filter/analyse.js';
import type { StoreReader } from '../store/store.js';
import { readInTime } from './failures.js';
import type { SearchRun } from './search-run.js';
import type { Hit, MissingPart, SearchReply, SearchRequest } from './search-types.js';

/** What plan, fan-out, merge and join came to. */
export interface Found {
  hits: Hit[];
  missing: MissingPart[];
  joinMs: number;
}

export interface AnswerParts extends Pick<SearchReply, 'embedding' | 'cached' | 'unknownFields'> {
  /** When the query's vector was there. */
  embeddedMs: number;
}

/** Filter fields that no product of the tenant has. Rejects as `readInTime` does. */
export async function findUnknownFields(
  store: StoreReader,
  { tenant, filter }: SearchRequest,
  deadline: Deadline,
): Promise<string[]> {
  const fields = fieldsOf(filter);
  if (fields.length === 0) return [];
  const known = await readInTime(store.knownFields(tenant, fields), deadline, 'names of fields');
  return fields.filter((_, i) => known[i] !== true);
}

/** The reply of a search that ends now. */
export function answerOf(
  { startedMs, explainer }: SearchRun,
  { name, fingerprint }: ModelIdentity,
  { hits, missing, joinMs }: Found,
  { embedding, embeddedMs, cached, unknownFields }: AnswerParts,
): SearchReply {
  const endedMs = performance.now();
  const embedMs = embeddedMs - startedMs;
  return {
    hits,
    tookMs: endedMs - startedMs,
    timingsMs: { embed: embedMs, search: endedMs - embeddedMs - joinMs, join: joinMs },
    embedding,
    model: `${name}@${fingerprint.slice(0, 8)}`,
    cached,
    missing,
    unknownFields,
    explanation: explainer?.explanation(embedMs, joinMs),
  };
}
