import type { Budget } from '../../core/budget.js';
import { OmniError } from '../../core/errors.js';
import type { SearchLeaf, SearchLeafReply } from '../../protocol/messages.js';
import { bytesVector } from '../../query/leaf-query.js';
import type { LeafExplanation } from '../../query/leaf-result.js';
import type { Chosen, LeafViewResult } from '../../query/result-set.js';
import type { Searcher } from '../index/searcher.js';
import type { TenantIndex } from '../index/tenant-index.js';
import type { PartitionSet } from '../leaf/partition-set.js';
import type { AnsweredSearch } from '../recall/sampled-searches.js';
import { SearchTrace } from '../leaf/search-trace.js';
import type { ChosenRows } from '../leaf/set/choose.js';
import type { ViewFound } from '../leaf/views/looking.js';
import { searchViews, type ViewsFound } from '../leaf/views/search-views.js';
import { hasWords, type ViewRequest } from '../leaf/views/view-request.js';
import { matchedWords } from '../leaf/words/describe-words.js';
import { viewColumns, type ViewColumns } from './hit-columns.js';
import type { SearchTools } from './search-tools.js';

type Answer = Pick<SearchLeafReply, 'timedOut' | 'chosen' | 'views' | 'explanation' | 'sampled'>;

/** Answers a request from what `searcher` sees. */
export async function viewTenant(
  request: SearchLeaf,
  {
    searcher,
    partitions,
    index,
  }: { searcher: Searcher; partitions: PartitionSet; index: TenantIndex },
  budget: Budget,
  { dimensions, costs, samples }: Pick<SearchTools, 'dimensions' | 'costs' | 'samples'>,
): Promise<Answer> {
  const asked = { ...requestOf(request, dimensions), costs };
  const found = await searchViews(searcher, partitions, asked, budget);
  const searched = nearestSearch(asked, found);
  const sampled =
    searched === undefined || found.timedOut
      ? undefined
      : samples.answered(index, { ...searched, partitions }, request.alone === true);
  const told = request.explain === true ? asked : { ...asked, text: undefined };
  return {
    timedOut: found.timedOut,
    ...(sampled === undefined ? {} : { sampled }),
    ...(found.chosen === undefined ? {} : { chosen: chosenColumns(found.chosen) }),
    views: found.views.map((view) => viewResult(view, columnsOf(asked))),
    ...(asked.trace === undefined ? {} : { explanation: explained(told, found, searcher, budget) }),
  };
}

function requestOf(request: SearchLeaf, dimensions: number): Omit<ViewRequest, 'costs'> {
  const { vector: bytes, boosts = [], views, ...query } = request.query;
  const { text, choose, set, hidden, within, until, exact } = query;
  const vector = bytes && bytesVector(bytes);
  if (vector !== undefined && vector.length !== dimensions) {
    throw new OmniError('internal', `a vector of ${vector.length} dimensions was asked for`);
  }
  return {
    ...{ vector, text, boosts, choose, set, hidden, within, until, exact, views },
    trace: request.explain === true || request.plan === true ? new SearchTrace() : undefined,
  };
}

/** The search by vector among what was done, if there was one: graphs are watched by such. */
function nearestSearch(
  { vector, exact, choose, views, text, set, until, hidden, within, boosts }: ViewRequest,
  { views: found, chosen }: ViewsFound,
): Omit<AnsweredSearch, 'partitions'> | undefined {
  if (vector === undefined || exact || until !== undefined || within !== undefined)
    return undefined;
  const [nearest] = chosen?.nearest ?? [];
  if (choose !== undefined && nearest !== undefined) {
    const all = { filter: undefined, categories: undefined };
    return { vector, ...all, k: choose.nearest, best: nearest.score };
  }
  const isPlain = text === undefined && set === undefined;
  if (!isPlain || hidden !== undefined || boosts.length > 0) return undefined;
  const at = views.findIndex(({ k, sort, after, only }) => {
    return k > 0 && sort === undefined && after === undefined && only === undefined;
  });
  const view = views[at];
  const [first] = found[at]?.hits ?? [];
  if (view === undefined || first === undefined) return undefined;
  const { filter, categories, k } = view;
  return { vector, filter, categories, k, best: first.score };
}

function columnsOf({ text, vector, boosts }: ViewRequest): ViewColumns {
  return {
    isText: hasWords(text),
    hasVector: vector !== undefined,
    hasBoosts: boosts.length > 0,
    hasTypes: text !== undefined,
  };
}

function chosenColumns({ having, exact, nearest }: ChosenRows): Chosen {
  return {
    having,
    exact,
    nearest: {
      ids: nearest.map(({ id }) => id),
      versions: nearest.map(({ version }) => version),
      scores: nearest.map(({ score }) => score),
    },
  };
}

function viewResult(found: ViewFound, columns: ViewColumns): LeafViewResult {
  const { total, more, facets, groups } = found;
  return {
    hits: viewColumns(found, columns),
    ...{ total, more },
    ...(facets === undefined ? {} : { facets }),
    ...(groups === undefined ? {} : { groups }),
  };
}

/** What the hits of the first view matched by, too: it is that of the page. */
function explained(
  { trace, text }: Pick<ViewRequest, 'trace' | 'text'>,
  { views }: ViewsFound,
  { live }: Searcher,
  { yields }: Budget,
): LeafExplanation {
  const steps = trace?.steps ?? [];
  if (text === undefined) return { live, steps, yields };
  return { live, steps, yields, matched: matchedWords(views[0]?.hits ?? [], text) };
}
