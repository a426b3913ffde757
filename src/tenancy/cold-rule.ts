import { isObject } from '../core/json.js';
import type { JsonObject, Product } from '../core/product.js';
import { DocumentFilter } from '../filter/evaluate.js';
import { tierConditions } from '../filter/tier-rule.js';
import { DAY_MS, versionBy, type TierClock } from '../store/tier-clock.js';

/** Which products of a tenant go into the archive, as of now. */
export interface ColdRule {
  /** None that is newer. */
  upTo: number;
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
  const asked = [
    tierConditions(tiers, 'cold'),
    isPressed ? tierConditions(tiers, 'warm') : undefined,
  ];
  if (asked[0] === undefined) return undefined;
  const rules = asked.flatMap((conditions) => {
    if (conditions === undefined) return [];
    const { updatedDays, filter } = conditions;
    const upTo = updatedDays === 0 ? Infinity : versionBy(clock, nowMs - updatedDays * DAY_MS);
    return upTo === undefined ? [] : [{ upTo, filter: new DocumentFilter(filter) }];
  });
  if (rules.length === 0) return undefined;
  return {
    upTo: Math.max(...rules.map(({ upTo }) => upTo)),
    takes: (version, product) =>
      rules.some(({ upTo, filter }) => version <= upTo && filter.matches(product)),
    key: JSON.stringify([rules.length, tiers]),
  };
}

/** Undefined where a tenant has no rule. */
export function tiersOf(record: JsonObject): JsonObject | undefined {
  const { settings } = record;
  const tiers = isObject(settings) ? settings['tiers'] : undefined;
  return isObject(tiers) ? tiers : undefined;
}
