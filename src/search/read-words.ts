import type { Encoder } from '../embedding/encoder.js';
import type { Synonyms } from '../merchandising/synonyms.js';
import { categoriesOf } from '../filter/analyse.js';
import { isMatchAll } from '../filter/filter.js';
import type { Span } from '../core/span.js';
import type { TextQuery } from '../query/text-query.js';
import type { TenantPlacement } from '../store/store.js';
import type { TenantSettings } from '../tenancy/tenant-settings.js';
import { ANALYZER_VERSION } from '../text/analyzer.js';
import type { Pinned } from '../shard-client/leaf-calls.js';
import type { CountedTenant, WordCounter } from './count-words.js';
import { noAnswer } from './failures.js';
import { listedFilter, reachVersion } from './listed-views.js';
import { reachOf } from './narrowed-request.js';
import type { Walk } from './cursor.js';
import { planSearch, stickyKeyOf } from './plan.js';
import { rewriteQuery, type RewrittenQuery } from './rewrite-query.js';
import { NO_STATES } from './row-states.js';
import type { SearchRun } from './search-run.js';
import { PLAIN_TEXT, type MissingPart, type SearchMode } from './search-types.js';
import type { UnderstoodQuery } from './understand-query.js';
import { NO_SUMS, type CountedStates, type WordSums } from './word-count.js';
import {
  allQuestions,
  besideQuestions,
  candidatesOf,
  firstQuestions,
  furtherQuestions,
  type Candidates,
} from './word-questions.js';
import { wordSlots, type WordSlot } from './word-slots.js';

/** What a text comes to, by how common its words are. */
export interface ReadWords extends RewrittenQuery {
  slots: readonly WordSlot[];
  /** To score by, or to leave out; undefined: nothing of it can be found by words. */
  words: TextQuery | undefined;
  /** By shard, what its first phase kept for the second; empty but in exact mode. */
  pins: ReadonlyMap<string, Pinned>;
  /** In exact mode: shards without whose counts no score is exact. */
  missing: readonly MissingPart[];
  isApproximate: boolean;
  /** Of the rows that were counted: those that are relied on are to be compared with those that are searched. */
  states: CountedStates;
}

/** What reading words takes besides the words. */
export interface WordReading {
  settings: TenantSettings;
  placement: TenantPlacement;
  counter: WordCounter;
  encoder: Encoder | undefined;
  /** Fingerprint of the model of the rows. */
  model: string;
  /** Where the search itself looks; undefined: in all. */
  categories: readonly string[] | undefined;
  /** Of the tenant; undefined: it has none. */
  synonyms?: Synonyms | undefined;
  /** Whether it may go by what was counted of rows that have not changed since, as the search then sees. */
  mayRely: boolean;
  /** Of this step, where the search is traced. */
  span?: Span | undefined;
}

/** What of a search its words are read by. */
type ReadRun = Pick<SearchRun, 'request' | 'list' | 'deadline' | 'caller'>;

/**
 * The second step of a search by text: counts its words in all that the caller may see of the catalogue,
 * whatever the filter, and says by them what is searched for. Rejects `deadline_exceeded`, or as `noAnswer` where no shard told
 * anything.
 */
export async function readWords(
  query: string,
  understood: UnderstoodQuery,
  reading: WordReading,
  run: ReadRun,
): Promise<ReadWords> {
  const { settings, encoder, synonyms } = reading;
  const { prefix, mode } = run.request.text ?? PLAIN_TEXT;
  const isPiece = (word: string): boolean => encoder?.knowsPiece(word) === true;
  const { language } = settings.text;
  const candidates = candidatesOf(understood.parsed, language, prefix, isPiece, synonyms);
  const { sums, missing } = await countedWords(candidates, reading, run);
  const slots = wordSlots(candidates, sums);
  const rewritten = rewriteQuery(query, understood, slots, isPiece);
  const embedded = mode === 'keyword' || encoder === undefined ? undefined : rewritten.embedded;
  return {
    ...rewritten,
    ...{ embedded, slots, missing },
    words: textQuery(understood, slots, mode, { ...reading, hasMeaning: embedded !== undefined }),
    pins: sums.pins,
    isApproximate: sums.isApproximate,
    states: sums.states,
  };
}

async function countedWords(
  candidates: Candidates,
  { settings, placement, counter, model, categories, mayRely, span }: WordReading,
  run: ReadRun,
): Promise<{ sums: WordSums; missing: readonly MissingPart[] }> {
  if (candidates.words.length === 0) return { sums: NO_SUMS, missing: [] };
  const { request, deadline, caller } = run;
  const { tenant, exact } = request;
  const { generation } = settings.text;
  const reach = reachOf(request);
  const { targets } = planSearch(placement, categoriesOf(reach));
  const { targets: searched } = planSearch(placement, categories);
  const stickyKey = stickyKeyOf(request);
  const of: CountedTenant = {
    ...{ tenant, model, generation, targets, searched, stickyKey },
    placement: placement.counter,
    ...withinOf(run),
  };
  const bounds = { deadline, signal: caller.signal, span };
  // Where not all shards are searched it would not be seen whether the rows of the others have changed.
  const relied = mayRely && searched.length === targets.length ? NO_STATES : undefined;
  const first = exact
    ? await counter.countNow(of, allQuestions(candidates), bounds, true)
    : await counter.count(of, firstQuestions(candidates), bounds, relied);
  if (first.missing.length > 0 && first.sums.live === 0) throw noAnswer(first.missing);
  let { sums } = first;
  for (const questions of exact ? [besideQuestions] : [furtherQuestions, besideQuestions]) {
    const further = questions(candidates, sums);
    if (further === undefined) continue;
    const counted = exact
      ? await counter.countNow(of, further, bounds, false)
      : await counter.count(of, further, bounds, relied && sums.states.relied);
    sums = sums.and(counted.sums);
  }
  // What is missing later is said by the search itself, where it matters.
  return { sums, missing: exact ? first.missing : [] };
}

/** What of the catalogue the words are counted in, where that is not all of it. */
function withinOf(run: ReadRun): Pick<CountedTenant, 'within'> {
  const filter = listedFilter(reachOf(run.request), run.list);
  return isMatchAll(filter) ? {} : { within: { filter, version: reachVersion(run) } };
}

/** The words as they were when a walk over the pages began: with what was counted then. */
export function wordsOfWalk({ words, embedded }: NonNullable<Walk['text']>): ReadWords {
  return {
    ...{ words, embedded, slots: [], missing: [], pins: new Map<string, Pinned>() },
    ...{ rewritten: null, didYouMean: [], isApproximate: false },
    states: { relied: NO_STATES, basis: undefined },
  };
}

/** What the shards are asked for of words. */
function textQuery(
  { parsed, excluded }: UnderstoodQuery,
  slots: readonly WordSlot[],
  mode: SearchMode,
  { settings, encoder, model, hasMeaning }: WordReading & { hasMeaning: boolean },
): TextQuery | undefined {
  const { phrases, exactKey } = parsed;
  const bounds = {
    analyzer: ANALYZER_VERSION,
    generation: settings.text.generation,
    ...(phrases.length === 0 ? {} : { phrases }),
    ...(excluded.length === 0 ? {} : { excluded }),
  };
  if (mode === 'vector') {
    return phrases.length + excluded.length === 0 ? undefined : { slots: [], ...bounds };
  }
  if (exactKey === '' && slots.every(({ alternatives }) => alternatives.length === 0)) {
    // Words of which nothing is known still bound what is found by meaning.
    if (!hasMeaning) return undefined;
  }
  const own = settings.cutoff;
  const cutoff = own?.model === model ? own.cosine : encoder?.cutoff;
  return {
    slots: slots.map(({ idf, alternatives }) => ({
      idf,
      alternatives: alternatives.map(({ words, weight }) => ({ words, weight })),
    })),
    ...bounds,
    ...(exactKey === '' ? {} : { exactKey }),
    ...(cutoff === undefined || !hasMeaning ? {} : { cutoff }),
  };
}
