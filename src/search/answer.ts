import type { ModelIdentity } from '../core/product.js';
import { hides } from '../tenancy/narrowed-catalogue.js';
import type { Asked } from './asked.js';
import type { Explanation, ShardExplanation } from './explanation.js';
import type { FoundPage } from './find-page.js';
import type { Looked } from './look.js';
import { searchesExcluded } from './narrowed-request.js';
import type { SearchRun } from './search-run.js';
import type { MissingPart, SearchReply, ShopReply, TextReply } from './search-types.js';

export interface AnswerParts extends Pick<
  SearchReply,
  'embedding' | 'unknownFields' | 'missing' | 'coverage'
> {
  page: Pick<FoundPage, 'hits'>;
  looked: Pick<Looked, 'facets' | 'through'> & { main: Pick<Looked['main'], 'total'> };
  nextCursor: string | undefined;
  warnings: ShopReply['warnings'];
}

/** The reply of a search that ends now. */
export function answerOf(
  { request, startedMs, clock, explainer, shaping }: SearchRun,
  { text, understood }: Asked,
  { name, fingerprint }: ModelIdentity,
  parts: AnswerParts,
): SearchReply {
  const { embedding, unknownFields, missing, coverage, page, looked } = parts;
  const { hits } = page;
  const { embed, join } = clock;
  const { rules, redirect, data } = shaping;
  const { nextCursor, warnings } = parts;
  const tookMs = performance.now() - startedMs;
  const ofKey = {
    isNarrowed: hides(request.narrowing),
    tellsWords: text === undefined || !searchesExcluded(request, text.settings.text),
  };
  return {
    ...{ hits, tookMs, embedding, missing, coverage, unknownFields },
    timingsMs: { embed, search: tookMs - embed - join, join },
    model: `${name}@${fingerprint.slice(0, 8)}`,
    through: looked.through,
    explanation: explainer && shownExplanation(explainer.explanation(clock), ofKey),
    text: text && textReply(text, understood, ofKey),
    shop: {
      ...{ total: looked.main.total, facets: looked.facets },
      ...{ nextCursor, warnings, rules, redirect, data },
    },
  };
}

/** What of an answer the caller's key lets be told. */
interface Told {
  /** It hides products or fields: what shards did is of all that they have. */
  isNarrowed: boolean;
  /** False where words of the catalogue may be of fields that are hidden. */
  tellsWords: boolean;
}

function textReply(
  { read }: NonNullable<Asked['text']>,
  understood: TextReply['understood'],
  { tellsWords }: Told,
): TextReply {
  const { rewritten, didYouMean, isApproximate } = read;
  if (!tellsWords) return { rewritten: null, didYouMean: [], understood, isApproximate };
  return { rewritten, didYouMean, understood, isApproximate };
}

function shownExplanation(
  { words, embedded, shards, ...rest }: Explanation,
  { isNarrowed, tellsWords }: Told,
): Explanation {
  return {
    ...{ ...rest, shards: isNarrowed ? shards.map(bare) : shards },
    ...(words === undefined || !tellsWords ? {} : { words, embedded: embedded ?? null }),
  };
}

function bare(shard: ShardExplanation): ShardExplanation {
  return { ...shard, leaf: undefined };
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
