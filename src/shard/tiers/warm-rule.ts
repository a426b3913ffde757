import { DAY_MS } from '../../core/days.js';
import type { Filter } from '../../filter/filter.js';
import { tierConditions } from '../../filter/tier-rule.js';
import { isObject } from '../../core/json.js';
import { TENANT_KIND } from '../../store/record-store.js';
import type { StoreReader } from '../../store/store.js';
import { foundWithin } from '../../store/found-clock.js';
import type { FoundIds } from '../../store/found-marks.js';
import { readTierClock, versionBy } from '../../store/tier-clock.js';

/** Which rows of a tenant may be warm, as of now. */
export interface WarmRule {
  /** Rows of this version, or an older one. */
  upTo: number;
  /** None of these; undefined: it does not go by what is found. */
  found: FoundIds | undefined;
  filter: Filter;
}

/** Undefined where none may: also while nobody knows yet what is as old, or was not found for as long, as the tenant's rule says. */
export async function readWarmRule(
  { records }: Pick<StoreReader, 'records'>,
  tenant: string,
  nowMs: number,
): Promise<WarmRule | undefined> {
  const settings = (await records.get(TENANT_KIND, tenant))?.value['settings'];
  const conditions = isObject(settings) ? tierConditions(settings['tiers'], 'warm') : undefined;
  if (conditions === undefined) return undefined;
  const { updatedDays, foundDays, filter } = conditions;
  const upTo =
    updatedDays === 0
      ? Infinity
      : versionBy(await readTierClock(records, tenant), nowMs - updatedDays * DAY_MS);
  if (upTo === undefined) return undefined;
  if (foundDays === 0) return { upTo, found: undefined, filter };
  const found = await foundWithin(records, tenant, foundDays, nowMs);
  return found && { upTo, found, filter };
}
