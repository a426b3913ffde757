import { isObject } from '../core/json.js';
import type { Filter } from './filter.js';
import { parseFilter } from './parse-filter.js';

/** When a product goes a tier down: all that is said must hold. */
export interface TierConditions {
  /** Not written for so many days; 0: whenever it was written. */
  updatedDays: number;
  /** Found by no search for so many days; 0: whenever it was found. */
  foundDays: number;
  /** What it has to match. */
  filter: Filter;
}

export type LowerTier = 'warm' | 'cold';

const LOWER_TIERS: readonly LowerTier[] = ['warm', 'cold'];
const DEFAULT_DAYS: Readonly<Record<LowerTier, number>> = { warm: 30, cold: 90 };

/**
 * What a tenant's setting `tiers` says of a tier; undefined where nothing ever goes there. Throws `invalid_field` where
 * it is none that a request could have set.
 */
export function tierConditions(tiers: unknown, tier: LowerTier): TierConditions | undefined {
  if (!isObject(tiers)) return undefined;
  const asked = tiers[tier];
  if (asked === null) return undefined;
  const { updated_days: days, found_days: found, filter = {} } = isObject(asked) ? asked : {};
  return {
    updatedDays: typeof days === 'number' ? days : DEFAULT_DAYS[tier],
    foundDays: typeof found === 'number' ? found : 0,
    filter: parseFilter(filter, `tiers.${tier}.filter`),
  };
}

/** Whether a tenant's setting `tiers` goes by what searches find: for others nothing of that is noted. */
export function asksFound(tiers: unknown): boolean {
  if (!isObject(tiers)) return false;
  return LOWER_TIERS.some((tier) => {
    const asked = tiers[tier];
    return isObject(asked) && typeof asked['found_days'] === 'number' && asked['found_days'] > 0;
  });
}
