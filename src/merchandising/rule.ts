import type { JsonObject, JsonValue } from '../core/product.js';
import type { Filter } from '../filter/filter.js';
import type { Boost } from '../query/result-set.js';

/** When a rule applies: all of what it names has to hold. */
interface RuleConditions {
  query?: string;
  /** How `query` is compared, by words; absent: `exact`. */
  match?: 'exact' | 'contains';
  /** One of those that the request's filter names. */
  category?: string;
  /** One of them is among the request's. */
  tags?: readonly string[];
  /** RFC 3339, from <= now < to. */
  from?: string;
  to?: string;
}

interface RuleEffects {
  pinned?: readonly Pin[];
  hidden?: readonly string[];
  boost?: readonly { filter: JsonObject; weight: number }[];
  filter?: JsonObject;
  redirect?: string;
  data?: JsonValue;
}

/** A rule as it is sent, stored and answered. */
export interface RuleBody {
  id: string;
  when: RuleConditions;
  then: RuleEffects;
}

/** A product at a position of the answer, counted from 1. */
export interface Pin {
  id: string;
  position: number;
}

/** A rule to match by. */
export interface Rule {
  id: string;
  /** Words of the query as they were typed; they are analysed in the tenant's language. */
  query: string | undefined;
  match: 'exact' | 'contains';
  category: string | undefined;
  tags: readonly string[] | undefined;
  fromMs: number;
  toMs: number;
  pinned: readonly Pin[];
  hidden: readonly string[];
  boosts: readonly Boost[];
  filter: Filter | undefined;
  redirect: string | undefined;
  data: JsonValue | undefined;
}
