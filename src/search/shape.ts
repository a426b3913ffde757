import type { Deadline } from '../core/deadline.js';
import { categoriesOf } from '../filter/analyse.js';
import type { Pin } from '../merchandising/rule.js';
import type { Merchandise, RuleBook, RuleBooks } from '../merchandising/rule-book.js';
import type { Occasion } from '../merchandising/rule-index.js';
import { seenFilter } from './narrowed-request.js';
import type { SearchRequest, ShopOptions } from './search-types.js';

/** What shapes an answer besides its query and filter: of the request itself, and of stored rules; the filter is of rules alone. */
export interface Shaping extends Merchandise {
  /** All rules and synonyms there are; undefined where none are kept. */
  book: RuleBook | undefined;
}

const NO_RULES = {
  ...{ pinned: [], hidden: [], boosts: [], filter: undefined },
  ...{ redirect: undefined, data: [], rules: [] },
} satisfies Merchandise;

/** What the request says goes before what the rules say that apply to it. Rejects as `RuleBooks.of` does. */
export async function shapingOf(
  request: SearchRequest,
  shop: ShopOptions,
  books: RuleBooks | undefined,
  deadline: Deadline,
): Promise<Shaping> {
  const { tenant, query } = request;
  const book = request.book ?? (await books?.of(tenant, deadline));
  const occasion = (): Occasion => ({
    query: typeof query === 'string' ? query : undefined,
    categories: categoriesOf(seenFilter(request, request.filter)),
    tags: shop.tags,
    at: new Date(),
  });
  const isRuled = shop.rules && book?.hasRules === true;
  const { pinned, hidden, boosts, ...rest } = isRuled ? book.match(occasion()) : NO_RULES;
  const all = [...new Set([...shop.hidden, ...hidden])];
  return {
    ...{ ...rest, book, hidden: all },
    pinned: pinsOf([...shop.pinned, ...pinned], all),
    boosts: [...shop.boosts, ...boosts],
  };
}

/** Changes with every change of a rule or synonym. */
export function rulesVersion({ book }: Pick<Shaping, 'book'>): string {
  return book?.version ?? '';
}

/** Each product and each position once, the first that says so; what is hidden is not pinned. */
function pinsOf(pins: readonly Pin[], hidden: readonly string[]): Pin[] {
  const positions = new Set<number>();
  const ids = new Set(hidden);
  return pins.filter(({ id, position }) => {
    if (positions.has(position) || ids.has(id)) return false;
    positions.add(position);
    ids.add(id);
    return true;
  });
}
