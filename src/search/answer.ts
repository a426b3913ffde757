import type { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { fieldsOf } from '../filter/analyse.js';
import type { StoreReader } from '../store/store.js';
import { readInTime } from './failures.js';
import type { ReadWords } from './read-words.js';
import type { SearchRun } from './search-run.js';
import type {
  Hit,
  MissingPart,
  SearchReply,
  SearchRequest,
  UnderstoodPart,
} from './search-types.js';

/** What plan, fan-out, merge and join came to. */
export interface Found {
  hits: Hit[];
  missing: MissingPart[];
  joinMs: number;
  /** Products that match, as far as the shards told. */
  matches: number;
  /** What of the text became a filter. */
  understood: readonly UnderstoodPart[];
}

export interface AnswerParts extends Pick<SearchReply, 'embedding' | 'unknownFields'> {
  /** What embedding took. */
  embedMs: number;
  /** Undefined for a search by vector. */
  words: ReadWords | undefined;
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
  { hits, missing, joinMs, matches, understood }: Found,
  { embedding, embedMs, unknownFields, words }: AnswerParts,
): SearchReply {
  const tookMs = performance.now() - startedMs;
  return {
    hits,
    tookMs,
    timingsMs: { embed: embedMs, search: tookMs - embedMs - joinMs, join: joinMs },
    embedding,
    model: `${name}@${fingerprint.slice(0, 8)}`,
    missing,
    unknownFields,
    explanation: explainer?.explanation(embedMs, joinMs),
    text: words && {
      total: hits.length === 0 ? 0 : Math.max(hits.length, matches),
      rewritten: words.rewritten,
      didYouMean: words.didYouMean,
      understood,
      isApproximate: words.isApproximate,
    },
  };
}
