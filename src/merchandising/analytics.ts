import type { CountedQuery, QueryCounts, QueryFigures } from './query-counts.js';

/** How a shop's search does; null where nothing was counted that tells. */
interface SearchFigures {
  /** Of searches: part after which something was clicked. */
  click_through_rate: number | null;
  /** Of clicks that told it, from 1. */
  average_click_position: number | null;
  /** Of searches: part after which something was bought. */
  conversion_rate: number | null;
}

export interface Analytics extends SearchFigures {
  days: number;
  searches: number;
  /** Part of the searches that found nothing. */
  no_result_rate: number | null;
  top_queries: ({ text: string; count: number } & SearchFigures)[];
  /** Those that found nothing, most often first. */
  no_result_queries: { text: string; count: number }[];
}

/** The figures of what was counted: the top queries, those without a result, and what became of them. */
export function analyticsOf(counts: QueryCounts, days: number, limit: number): Analytics {
  const { all } = counts;
  const known = [...counts.queries()].filter(({ text, searches }) => text !== '' && searches > 0);
  const empty = known.filter((query) => query.empty > 0);
  const top = byCount(known, ({ searches }) => searches).slice(0, limit);
  const without = byCount(empty, (query) => query.empty).slice(0, limit);
  return {
    days,
    searches: all.searches,
    no_result_rate: part(all.empty, all.searches),
    ...figuresOf(all),
    top_queries: top.map((query) => {
      return { text: query.text, count: query.searches, ...figuresOf(query) };
    }),
    no_result_queries: without.map((query) => ({ text: query.text, count: query.empty })),
  };
}

function figuresOf(of: QueryFigures): SearchFigures {
  return {
    click_through_rate: part(of.clicked, of.searches),
    average_click_position: part(of.positions, of.positioned),
    conversion_rate: part(of.purchased, of.searches),
  };
}

function part(some: number, of: number): number | null {
  return of === 0 ? null : Math.round((some / of) * 10_000) / 10_000;
}

/** Most first, ties by text. */
function byCount(
  queries: CountedQuery[],
  countOf: (query: CountedQuery) => number,
): CountedQuery[] {
  return queries.sort((a, b) => countOf(b) - countOf(a) || (a.text < b.text ? -1 : 1));
}
