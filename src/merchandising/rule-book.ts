import type { Deadline } from '../core/deadline.js';
import type { JsonValue } from '../core/product.js';
import type { Filter } from '../filter/filter.js';
import type { Boost } from '../query/result-set.js';
import type { Pin, Rule } from './rule.js';
import type { Occasion, RuleIndex } from './rule-index.js';
import type { Synonyms } from './synonyms.js';

/** What the rules that apply to a request come to together. */
export interface Merchandise {
  /** Each product and each position once. */
  pinned: readonly Pin[];
  hidden: readonly string[];
  boosts: readonly Boost[];
  /** All of them; undefined: none. */
  filter: Filter | undefined;
  /** The first. */
  redirect: string | undefined;
  data: readonly JsonValue[];
  /** By id, in the order in which they were applied. */
  rules: readonly string[];
}

/** A tenant's rules and synonyms as of one moment. */
export interface RuleBook {
  /** Changes with every change of rules or synonyms, and is the same on all nodes. */
  readonly version: string;
  readonly synonyms: Synonyms;
  /** False: nothing ever applies. */
  readonly hasRules: boolean;
  match(occasion: Occasion): Merchandise;
}

export interface RuleBooks {
  /** A second old at most. Rejects `unavailable` or `deadline_exceeded` where nothing is known. */
  of(tenant: string, deadline: Deadline): Promise<RuleBook>;
}

/** Of more that applies to one request the first by id count. */
const MAX_APPLIED = 50;
const MAX_BOOSTS = 100;
const MAX_HIDDEN = 10_000;

const NOTHING: Merchandise = {
  pinned: [],
  hidden: [],
  boosts: [],
  filter: undefined,
  redirect: undefined,
  data: [],
  rules: [],
};

export class CompiledBook implements RuleBook {
  constructor(
    readonly version: string,
    private readonly index: RuleIndex,
    readonly synonyms: Synonyms,
  ) {}

  get hasRules(): boolean {
    return !this.index.isEmpty;
  }

  match(occasion: Occasion): Merchandise {
    const rules = this.index.matching(occasion, MAX_APPLIED);
    return rules.length === 0 ? NOTHING : together(rules);
  }
}

function together(rules: readonly Rule[]): Merchandise {
  const filters = rules.flatMap(({ filter }) => filter ?? []);
  const [first] = filters;
  return {
    pinned: pinsOf(rules),
    hidden: [...new Set(rules.flatMap(({ hidden }) => hidden))].slice(0, MAX_HIDDEN),
    boosts: rules.flatMap(({ boosts }) => boosts).slice(0, MAX_BOOSTS),
    filter: filters.length > 1 ? { kind: 'and', of: filters } : first,
    redirect: rules.find(({ redirect }) => redirect !== undefined)?.redirect,
    data: rules.flatMap(({ data }) => (data === undefined ? [] : [data])),
    rules: rules.map(({ id }) => id),
  };
}

/** First come, first served: a later pin of the same product or position is left out. */
function pinsOf(rules: readonly Rule[]): Pin[] {
  const byPosition = new Map<number, Pin>();
  const ids = new Set<string>();
  for (const pin of rules.flatMap(({ pinned }) => pinned)) {
    if (byPosition.has(pin.position) || ids.has(pin.id)) continue;
    byPosition.set(pin.position, pin);
    ids.add(pin.id);
  }
  return [...byPosition.values()].sort((a, b) => a.position - b.position);
}
