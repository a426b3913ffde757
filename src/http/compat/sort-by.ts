import { invalidField } from '../../core/errors.js';
import { describeValue } from '../../core/json.js';
import type { SortKey } from '../../query/sort.js';
import { splitList } from './parameters.js';

const MAX_KEYS = 3;
const SCORE = '_score';

/** `price:asc,_text_match:desc` as sort keys. Throws `invalid_field`. */
export function parseSortBy(text: string, parameter = 'sort_by'): SortKey[] {
  const parts = splitList(text);
  if (parts.length > MAX_KEYS) {
    throw invalidField(parameter, `must have at most ${MAX_KEYS} keys, got ${parts.length}`);
  }
  return parts.map((part) => sortKey(part, parameter));
}

function sortKey(part: string, parameter: string): SortKey {
  const [, name = '', written = ''] = /^(.+):\s*(asc|desc)$/i.exec(part) ?? [];
  const field = name.trim();
  if (field === '' || /[()]/.test(field)) {
    const expected = 'must be fields with :asc or :desc, commas between';
    throw invalidField(parameter, `${expected}, got ${describeValue(part)}`);
  }
  const order = written.toLowerCase() as 'asc' | 'desc';
  if (field === '_text_match') return { field: SCORE, order };
  // The nearest has the smallest distance, and the best score.
  if (field === '_vector_distance')
    return { field: SCORE, order: order === 'asc' ? 'desc' : 'asc' };
  if (field.startsWith('_')) {
    throw invalidField(parameter, `must not sort by ${describeValue(field)}: that is not served`);
  }
  return { field, order };
}

/** Keys that name a field of documents. */
export function sortFields(keys: readonly SortKey[]): string[] {
  return keys.flatMap(({ field }) => (field === SCORE ? [] : [field]));
}
