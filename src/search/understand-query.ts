import type { Filter } from '../filter/filter.js';
import { parseFilter } from '../filter/parse-filter.js';
import type { TenantSettings } from '../tenancy/tenant-settings.js';
import { parseQuery, type ParsedQuery } from '../text/parse-query.js';
import { understand } from '../text/understand.js';
import { isExcluded } from '../tenancy/narrowed-catalogue.js';
import { PLAIN_TEXT, type SearchRequest, type UnderstoodPart } from './search-types.js';

/** What a text asks for, before anything is known of the catalogue. */
export interface UnderstoodQuery {
  /** The text with blanks in place of what became a filter: places in both are the same. */
  rest: string;
  parsed: ParsedQuery;
  /** Words that no hit may have. */
  excluded: readonly string[];
  /** What the text says to filter by. */
  filters: readonly Filter[];
  parts: readonly UnderstoodPart[];
  /** As typed, where the text asks for low prices: what is low depends on what is found. */
  cheap: string | undefined;
}

/** The first step of a search by text. */
export function understandQuery(
  query: string,
  { text = PLAIN_TEXT, narrowing }: Pick<SearchRequest, 'text' | 'narrowing'>,
  settings: TenantSettings,
): UnderstoodQuery {
  const { language } = settings.text;
  // A price that may not be told of is not to be found out by `under 50` either.
  const wanted = (text.understand ?? settings.understand) && !isExcluded(narrowing, 'price');
  const { rest, understood } = wanted
    ? understand(query, language)
    : { rest: query, understood: [] };
  const parsed = parseQuery(rest, settings.text, text.prefix);
  const filters = understood.flatMap((part) =>
    part.filter === undefined ? [] : [parseFilter(part.filter)],
  );
  const excluded = [...parsed.excluded, ...understood.flatMap((part) => part.excluded ?? [])];
  return {
    ...{ rest, parsed, excluded, filters },
    parts: understood
      .filter(({ isCheap }) => isCheap !== true)
      .map((part) => ({
        text: part.text,
        ...(part.filter === undefined ? {} : { filter: part.filter }),
      })),
    cheap: understood.find(({ isCheap }) => isCheap === true)?.text,
  };
}

/** What both a filter and `more` let through. */
export function allOf(filter: Filter, more: readonly Filter[]): Filter {
  if (more.length === 0) return filter;
  return { kind: 'and', of: [...(filter.kind === 'and' ? filter.of : [filter]), ...more] };
}
