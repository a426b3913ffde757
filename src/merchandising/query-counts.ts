import { isObject } from '../core/json.js';
import type { JsonObject, JsonValue } from '../core/product.js';

/** How often what happened; each search counts once in each, but for its clicks' positions. */
export interface QueryFigures {
  searches: number;
  /** Answered without a product. */
  empty: number;
  /** Searches after which something was clicked. */
  clicked: number;
  /** Clicks that told their position, and the sum of those. */
  positioned: number;
  positions: number;
  /** Searches after which something was put into the cart, and bought. */
  carted: number;
  purchased: number;
}

export interface CountedQuery extends QueryFigures {
  /** As typed, for people; empty where only events of it were seen. */
  text: string;
}

const MEMBERS = [
  'searches',
  'empty',
  'clicked',
  'positioned',
  'positions',
  'carted',
  'purchased',
] as const satisfies readonly (keyof QueryFigures)[];

const NO_FIGURES: QueryFigures = {
  ...{ searches: 0, empty: 0, clicked: 0, positioned: 0, positions: 0, carted: 0, purchased: 0 },
};

/** Texts that are told apart; of more the rarest go, and stay in the sum of all. */
const MOST_QUERIES = 2_000;
/** Past so many they are cut to the most: not at each single one. */
const CUT_AT = MOST_QUERIES * 2;

/** Counts of a tenant's queries over some time, by intent, and of all of them together. */
export class QueryCounts {
  readonly all: QueryFigures = { ...NO_FIGURES };
  private readonly byIntent = new Map<string, CountedQuery>();

  static parse(value: JsonValue | undefined): QueryCounts {
    const counts = new QueryCounts();
    if (!isObject(value)) return counts;
    addList(counts.all, value['all']);
    const queries = isObject(value['queries']) ? value['queries'] : {};
    for (const [intent, list] of Object.entries(queries)) {
      if (!Array.isArray(list)) continue;
      const [text] = list;
      const query = { text: typeof text === 'string' ? text : '', ...NO_FIGURES };
      addList(query, list.slice(1));
      counts.byIntent.set(intent, query);
    }
    return counts;
  }

  get isEmpty(): boolean {
    return MEMBERS.every((member) => this.all[member] === 0);
  }

  queries(): IterableIterator<CountedQuery> {
    return this.byIntent.values();
  }

  of(intent: string): CountedQuery | undefined {
    return this.byIntent.get(intent);
  }

  add(intent: string, text: string, more: Partial<QueryFigures>): void {
    addFigures(this.all, more);
    addFigures(this.entry(intent, text), more);
    if (this.byIntent.size > CUT_AT) this.cut();
  }

  merge(other: QueryCounts): void {
    addFigures(this.all, other.all);
    for (const [intent, query] of other.byIntent) {
      addFigures(this.entry(intent, query.text), query);
    }
    if (this.byIntent.size > CUT_AT) this.cut();
  }

  toJson(): JsonObject {
    this.cut();
    const list = (figures: QueryFigures): number[] => MEMBERS.map((member) => figures[member]);
    const queries = Object.fromEntries(
      [...this.byIntent].map(([intent, query]) => [intent, [query.text, ...list(query)]]),
    );
    return { all: list(this.all), queries };
  }

  private entry(intent: string, text: string): CountedQuery {
    let query = this.byIntent.get(intent);
    if (query === undefined) this.byIntent.set(intent, (query = { text, ...NO_FIGURES }));
    if (query.text === '') query.text = text;
    return query;
  }

  private cut(): void {
    if (this.byIntent.size <= MOST_QUERIES) return;
    const byCount = [...this.byIntent].sort(([, a], [, b]) => b.searches - a.searches);
    for (const [intent] of byCount.slice(MOST_QUERIES)) this.byIntent.delete(intent);
  }
}

function addFigures(to: QueryFigures, more: Partial<QueryFigures>): void {
  for (const member of MEMBERS) to[member] += more[member] ?? 0;
}

function addList(to: QueryFigures, list: JsonValue | undefined): void {
  if (!Array.isArray(list)) return;
  MEMBERS.forEach((member, i) => {
    const count = list[i];
    if (typeof count === 'number') to[member] += count;
  });
}
