import { DAY_MS, dayNumber } from '../core/days.js';
import { isObject } from '../core/json.js';
import type { JsonObject, Product } from '../core/product.js';
import { DocumentFilter } from '../filter/evaluate.js';
import { asksFound, tierConditions, type LowerTier } from '../filter/tier-rule.js';
import { foundWithin } from '../store/found-clock.js';
import type { FoundIds } from '../store/found-marks.js';
import type { RecordReader } from '../store/record-store.js';
import { versionBy, type TierClock } from '../store/tier-clock.js';

/** As long as nobody knows what is as old as a rule says: versions begin at 1. */
const NOTHING_YET = 0;

/** Which products of a tenant go into the archive, as of now. */
export interface ColdRule {
  /** None that is newer. */
  upTo: number;
  /** Up to here each of what is asked has come of age: what is left there now is left for good. */
  settledTo: number;
  /** False where `takes` is false whatever the product is. */
  mayTake(version: number, id: string): boolean;
  takes(version: number, product: Product): boolean;
  /** The same where the same is asked of a product whatever its age. */
  key: string;
}

/** What is known of a tenant. */
export interface ColdTenant {
  id: string;
  record: JsonObject;
  clock: TierClock;
}

/** What one tier asks of a product, as of now. */
interface Asked {
  name: LowerTier;
  upTo: number;
  found: FoundIds | undefined;
  filter: DocumentFilter;
}

/**
 * By the setting `tiers` of a tenant's record; undefined where nothing goes there, or nobody knows yet what is as old, or
 * was not found for as long, as the rule says. With `isPressed` what may be warm goes as well, where the rule has products
 * go cold at all.
 */
export async function coldRule(
  records: RecordReader,
  { id, record, clock }: ColdTenant,
  nowMs: number,
  isPressed: boolean,
): Promise<ColdRule | undefined> {
  const tiers = tiersOf(record);
  if (tierConditions(tiers, 'cold') === undefined) return undefined;
  const rules: Asked[] = [];
  let isByDay = false;
  for (const name of isPressed ? (['cold', 'warm'] as const) : (['cold'] as const)) {
    const conditions = tierConditions(tiers, name);
    if (conditions === undefined) continue;
    const { updatedDays, foundDays, filter } = conditions;
    const known = versionBy(clock, nowMs - updatedDays * DAY_MS) ?? NOTHING_YET;
    const upTo = updatedDays === 0 ? Infinity : known;
    const isFound = foundDays > 0;
    const found = isFound ? await foundWithin(records, id, foundDays, nowMs) : undefined;
    if (isFound && found === undefined) continue;
    isByDay ||= isFound;
    rules.push({ name, upTo, found, filter: new DocumentFilter(filter) });
  }
  const upTos = rules.map(({ upTo }) => upTo);
  const upTo = Math.max(NOTHING_YET, ...upTos);
  if (upTo === NOTHING_YET) return undefined;
  const isDue = ({ upTo, found }: Asked, version: number, id: string): boolean =>
    version <= upTo && found?.has(id) !== true;
  return {
    upTo,
    settledTo: Math.min(...upTos),
    mayTake: (version, id) => rules.some((rule) => isDue(rule, version, id)),
    takes: (version, product) =>
      rules.some((rule) => isDue(rule, version, product.id) && rule.filter.matches(product)),
    // What was found is to be looked at again on another day.
    key: JSON.stringify([
      rules.map(({ name }) => name),
      tiers,
      ...(isByDay ? [dayNumber(nowMs)] : []),
    ]),
  };
}

/** Undefined where a tenant has no rule. */
export function tiersOf(record: JsonObject): JsonObject | undefined {
  const { settings } = record;
  const tiers = isObject(settings) ? settings['tiers'] : undefined;
  return isObject(tiers) ? tiers : undefined;
}

/** Whether a tenant's rule goes by what its searches find. */
export function goesByFound(record: JsonObject): boolean {
  return asksFound(tiersOf(record));
}
