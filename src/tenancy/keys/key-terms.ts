import { invalidField } from '../../core/errors.js';
import { parseFilter } from '../../filter/parse-filter.js';
import type { KeyRecord, KeyTerms } from './key-record.js';

/** Members of a key that are to be others; null: none. */
export type KeyChanges = { [Name in keyof KeyTerms]?: KeyTerms[Name] | null } & {
  generation?: number;
};

/** The key with them. Throws `invalid_field`. */
export function withChanges(record: KeyRecord, changes: KeyChanges): KeyRecord {
  const { generation = record.generation } = changes;
  if (generation < record.generation) {
    const expected = `must be at least ${record.generation}, got ${generation}`;
    throw invalidField('generation', expected);
  }
  const changed = Object.entries({ ...record, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(changed) as unknown as KeyRecord;
}

const OF_SEARCH_KEYS = ['filter', 'fields', 'price_list', 'compatible'] as const;

/** Throws `invalid_field` for what a schema can not say. */
export function checkTerms(record: KeyRecord): void {
  if (record.kind !== 'search') {
    // Whoever writes reads what is written: what narrowed searches alone would only seem to hold.
    const name = OF_SEARCH_KEYS.find((one) => record[one] !== undefined);
    if (name !== undefined) throw invalidField(name, 'is for keys of the kind search');
  }
  if (record.filter !== undefined) parseFilter(record.filter);
}

/** Undefined: it is for nobody any more. */
export function withoutTenant(record: KeyRecord, tenant: string): KeyRecord | undefined {
  const tenants = record.tenants.filter((name) => name !== tenant);
  return tenants.length === 0 ? undefined : { ...record, tenants };
}
