import { isListed } from '../core/price-entries.js';
import { fieldsOf } from '../filter/analyse.js';
import type { StoreReader } from '../store/store.js';
import { isExcluded } from '../tenancy/narrowed-catalogue.js';
import type { AskedShards } from './ask-shards.js';
import { readInTime } from './failures.js';
import { reachOf } from './narrowed-request.js';
import type { SearchRun } from './search-run.js';
import { allOf } from './understand-query.js';
import { viewOf } from './views.js';

/**
 * Fields of the request's filter that no product of the tenant has which the caller may see. Rejects as
 * `readInTime` does.
 */
export async function findUnknownFields(
  { request, deadline, list }: SearchRun,
  store: Pick<StoreReader, 'knownFields'>,
  shards: AskedShards,
): Promise<string[]> {
  const { tenant, filter, narrowing } = request;
  const hasProducts = shards.placement.partitions.length > 0;
  const isKnown = (field: string): boolean =>
    // What a list has is known, whether a product has its own or not.
    (hasProducts && field === 'category') || (list !== undefined && isListed(field));
  const fields = fieldsOf(filter).filter((field) => !isKnown(field));
  const asked = fields.filter((field) => !isExcluded(narrowing, field));
  if (fields.length === 0) return [];
  const reading = asked.length === 0 ? [] : store.knownFields(tenant, asked);
  const known = await readInTime(reading, deadline, 'names of fields');
  const held = asked.filter((_, i) => known[i] === true);
  const seen = new Set(
    (narrowing?.filters ?? []).length === 0 ? held : await seenOf(held, request, shards),
  );
  return fields.filter((field) => !seen.has(field));
}

/** Those fields that products have which the key shows; all of them where that cannot be told. */
async function seenOf(
  fields: readonly string[],
  request: SearchRun['request'],
  shards: AskedShards,
): Promise<readonly string[]> {
  if (fields.length === 0) return fields;
  const views = fields.map((field) =>
    viewOf(allOf(reachOf(request), [{ kind: 'exists', field, exists: true }]), 0),
  );
  const found = await shards.ask({ views, text: undefined }).catch(() => undefined);
  if (found === undefined || found.missing.length > 0) return fields;
  const { answers } = found;
  return fields.filter((_, i) => answers.some((answer) => (answer.views[i]?.total ?? 0) > 0));
}
