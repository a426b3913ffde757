import { DAY_MS } from '../core/days.js';
import { isObject } from '../core/json.js';
import type { JsonObject, Product } from '../core/product.js';
import { DocumentFilter } from '../filter/evaluate.js';
import { tierConditions, type LowerTier } from '../filter/tier-rule.js';
import { versionBy, type TierClock } from '../store/tier-clock.js';

/** As long as nobody knows what is as old as a rule says: versions begin at 1. */
const NOTHING_YET = 0;

/** Which products of a tenant go into the archive, as of now. */
export interface ColdRule {
  /** None that is newer. */
  upTo: number;
  /** Up to here each of what is asked has come of age: what is left there now is left for good. */
  settledTo: number;
  takes(version: number, product: Product): boolean;
  /** The same where the same is asked of a product whatever its age. */
  key: string;
}

/**
 * By the setting `tiers` of a tenant's record; undefined where nothing goes there, or nobody knows yet what is as old as
 * the rule says. With `isPressed` what may be warm goes as well, where the rule has products go cold at all.
 */
export function coldRule(
  record: JsonObject,
  clock: TierClock,
  nowMs: number,
  isPressed: boolean,
): ColdRule | undefined {
  const tiers = tiersOf(record);
  if (tierConditions(tiers, 'cold') === undefined) return undefined;
  const names: readonly LowerTier[] = isPressed ? ['cold', 'warm'] : ['cold'];
  const rules = names.flatMap((name) => {
    const conditions = tierConditions(tiers, name);
    if (conditions === undefined) return [];
    const { updatedDays, filter } = conditions;
    const known = versionBy(clock, nowMs - updatedDays * DAY_MS) ?? NOTHING_YET;
    const upTo = updatedDays === 0 ? Infinity : known;
    return [{ name, upTo, filter: new DocumentFilter(filter) }];
  });
  const upTos = rules.map(({ upTo }) => upTo);
  const upTo = Math.max(...upTos);
  if (upTo === NOTHING_YET) return undefined;
  return {
    upTo,
    settledTo: Math.min(...upTos),
    takes: (version, product) =>
      rules.some(({ upTo, filter }) => version <= upTo && filter.matches(product)),
    key: JSON.stringify([rules.map(({ name }) => name), tiers]),
  };
}

/** Undefined where a tenant has no rule. */
export function tiersOf(record: JsonObject): JsonObject | undefined {
  const { settings } = record;
  const tiers = isObject(settings) ? settings['tiers'] : undefined;
  return isObject(tiers) ? tiers : undefined;
}
