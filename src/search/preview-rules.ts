import type { Deadline } from '../core/deadline.js';
import { categoriesOf } from '../filter/analyse.js';
import type { Filter } from '../filter/filter.js';
import type { Merchandise, RuleBook, RuleBooks } from '../merchandising/rule-book.js';
import type { RuleBody } from '../merchandising/rule.js';
import { PLAIN_SHOP, PLAIN_TEXT, type SearchReply, type SearchRequest } from './search-types.js';

/** Hits of each query that are compared. */
const COMPARED_HITS = 10;
/** Queries that are searched for at a time, with the rules and without. */
const AT_ONCE = 2;

export interface PreviewRequest {
  tenant: string;
  /** In place of stored rules of the same ids. */
  rules: readonly RuleBody[];
  /** Undefined: those that were asked for most. */
  queries: readonly string[] | undefined;
  /** Of the latter. */
  limit: number;
  filter: Filter;
  tags: readonly string[];
  /** For when; the rules of that time apply. */
  at: Date;
  deadline: Deadline;
}

/** A query whose answer would be another. */
interface PreviewedQuery {
  query: string;
  /** Ids of its first hits. */
  before: readonly string[];
  after: readonly string[];
  /** Ids of the rules that would apply. */
  rules: readonly string[];
  redirect: string | undefined;
}

export interface Preview {
  /** Looked at. */
  queries: number;
  changed: readonly PreviewedQuery[];
  /** Of which it is not known: their searches failed, missed something, or had no time left. */
  unknown: number;
}

interface PreviewDeps {
  books: RuleBooks & { draft(tenant: string, rules: readonly RuleBody[]): Promise<RuleBook> };
  /** What was asked for most, most often first. */
  queries: { top(tenant: string, limit: number): Promise<string[]> };
}

/** A search on behalf of who asked for the preview. */
type Search = (request: SearchRequest) => Promise<SearchReply>;

/** What rules would change, found by searching with them and without; nothing is searched for that they do not touch. */
export class RulePreview {
  constructor(private readonly deps: PreviewDeps) {}

  /** Rejects `deadline_exceeded` or `unavailable` where nothing could be looked at. */
  async run(request: PreviewRequest, search: Search): Promise<Preview> {
    const { tenant, rules, limit, at, deadline } = request;
    const { books } = this.deps;
    const reading = Promise.all([
      request.queries ?? this.deps.queries.top(tenant, limit),
      books.of(tenant, deadline),
      books.draft(tenant, rules),
    ]);
    const [queries, stored, draft] = await deadline.race(reading, 'reading rules and queries');
    const compare = comparison(request, bookAt(stored, at), bookAt(draft, at), search);
    const found = new Map<string, PreviewedQuery>();
    let unknown = 0;
    const left = new Set(queries).values();
    const work = async (): Promise<void> => {
      for (const query of left) {
        const one = deadline.expired ? 'unknown' : await compare(query).catch(() => 'unknown');
        if (one === 'unknown') unknown += 1;
        else if (typeof one === 'object') found.set(query, one);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const changed = [...new Set(queries)].flatMap((query) => found.get(query) ?? []);
    return { queries: new Set(queries).size, changed, unknown };
  }
}

/** Resolves with what is different; undefined: nothing. */
function comparison(
  { tenant, filter, tags, at, deadline }: PreviewRequest,
  stored: RuleBook,
  draft: RuleBook,
  search: Search,
): (query: string) => Promise<PreviewedQuery | 'unknown' | undefined> {
  const categories = categoriesOf(filter);
  const searchBy = (query: string, book: RuleBook): Promise<SearchReply> =>
    search({
      ...{ tenant, query, book, filter, topK: COMPARED_HITS, fields: [] },
      ...{ exact: false, explain: false, text: PLAIN_TEXT, shop: { ...PLAIN_SHOP, tags } },
      timeoutMs: Math.max(1, deadline.remainingMs()),
    });
  return async (query) => {
    const occasion = { query, categories, tags, at };
    const [was, will] = [stored.match(occasion), draft.match(occasion)];
    if (isSame(was, will)) return undefined;
    const replies = [await searchBy(query, stored), await searchBy(query, draft)] as const;
    if (replies.some(({ missing }) => missing.length > 0)) return 'unknown';
    const [before, after] = replies.map(({ hits }) => hits.map(({ id }) => id));
    const { rules, redirect } = will;
    const found = { query, before: before ?? [], after: after ?? [], rules, redirect };
    const isOther = !isSame(before, after) || redirect !== was.redirect;
    return isOther || !isSame(was.data, will.data) ? found : undefined;
  };
}

/** The book as it applies at another time than now. */
function bookAt(book: RuleBook, at: Date): RuleBook {
  return {
    version: book.version,
    synonyms: book.synonyms,
    hasRules: book.hasRules,
    match: (occasion): Merchandise => book.match({ ...occasion, at }),
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
