import { isListed } from '../core/price-entries.js';

/** A field as a price list has it. */
export interface ListedField {
  field: 'price' | 'in_stock';
  /** Number of the list. */
  list: number;
}

const BETWEEN = '\u0000';

/**
 * The name by which a shard knows the field, under a list if there is one. A field of the caller's own that looks
 * like such a name is made one that no product has: it would show the prices of others.
 */
export function shardField(field: string, list: number | undefined): string {
  if (list !== undefined && isListed(field)) return `${field}${BETWEEN}${list}`;
  return field.includes(BETWEEN) && listedField(field) !== undefined ? field + BETWEEN : field;
}

/** The product's own field behind a name that `shardField` made. */
export function ownField(name: string): string {
  return listedField(name)?.field ?? name;
}

/** What `shardField` made; undefined for a product's own field. */
export function listedField(name: string): ListedField | undefined {
  const at = name.indexOf(BETWEEN);
  if (at === -1) return undefined;
  const field = name.slice(0, at);
  const list = name.slice(at + 1);
  if (!isListed(field) || !/^\d+$/.test(list)) return undefined;
  return { field: field as ListedField['field'], list: Number(list) };
}
