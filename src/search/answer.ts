import type { Deadline } from '../core/deadline.js';
import type { ModelIdentity } from '../core/product.js';
import { fieldsOf } from '../filter/analyse.js';
import { isListed } from '../query/listed-field.js';
import type { StoreReader } from '../store/store.js';
import type { Asked } from './asked.js';
import { readInTime } from './failures.js';
import type { FoundPage } from './find-page.js';
import type { Looked } from './look.js';
import type { SearchRun } from './search-run.js';
import type {
  MissingPart,
  SearchReply,
  SearchRequest,
  ShopReply,
  TextReply,
} from './search-types.js';

export interface AnswerParts extends Pick<
  SearchReply,
  'embedding' | 'unknownFields' | 'missing' | 'coverage'
> {
  /** What embedding took. */
  embedMs: number;
  page: Pick<FoundPage, 'hits' | 'joinMs'>;
  looked: Pick<Looked, 'facets'> & { main: Pick<Looked['main'], 'total'> };
  nextCursor: string | undefined;
  warnings: ShopReply['warnings'];
}

/** Filter fields that no product of the tenant has. Rejects as `readInTime` does. */
export async function findUnknownFields(
  store: StoreReader,
  { tenant, filter }: SearchRequest,
  deadline: Deadline,
  list?: number,
): Promise<string[]> {
  // What a list has is known, whether a product has its own or not.
  const fields = fieldsOf(filter).filter((field) => list === undefined || !isListed(field));
  if (fields.length === 0) return [];
  const known = await readInTime(store.knownFields(tenant, fields), deadline, 'names of fields');
  return fields.filter((_, i) => known[i] !== true);
}

/** The reply of a search that ends now. */
export function answerOf(
  { startedMs, explainer, shaping }: SearchRun,
  { text, understood }: Asked,
  { name, fingerprint }: ModelIdentity,
  parts: AnswerParts,
): SearchReply {
  const { embedding, embedMs, unknownFields, missing, coverage, page, looked } = parts;
  const { hits, joinMs } = page;
  const { rules, redirect, data } = shaping;
  const { nextCursor, warnings } = parts;
  const tookMs = performance.now() - startedMs;
  return {
    ...{ hits, tookMs, embedding, missing, coverage, unknownFields },
    timingsMs: { embed: embedMs, search: tookMs - embedMs - joinMs, join: joinMs },
    model: `${name}@${fingerprint.slice(0, 8)}`,
    explanation: explainer?.explanation(embedMs, joinMs),
    text: text && textReply(text, understood),
    shop: {
      ...{ total: looked.main.total, facets: looked.facets },
      ...{ nextCursor, warnings, rules, redirect, data },
    },
  };
}

function textReply(
  { read }: NonNullable<Asked['text']>,
  understood: TextReply['understood'],
): TextReply {
  const { rewritten, didYouMean, isApproximate } = read;
  return { rewritten, didYouMean, understood, isApproximate };
}

/** What is missing, each part once. */
export function missingOfAll(lists: readonly (readonly MissingPart[])[]): MissingPart[] {
  const parts = new Map<string, MissingPart>();
  for (const part of lists.flat()) {
    const key = JSON.stringify([part.part, part.shard, part.category]);
    if (!parts.has(key)) parts.set(key, part);
  }
  return [...parts.values()];
}
