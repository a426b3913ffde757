import { HASH_END } from '../core/ids.js';
import type { PartitionBody } from './placement-client.js';
import { cut, MAX_CELL_WIDTH, plain } from './text-table.js';

const MIB = 1_048_576;

export function categoriesText(categories: PartitionBody['categories']): string {
  const text = categories === 'rest' ? '(rest)' : categories.map(plain).join(', ');
  return cut(text, MAX_CELL_WIDTH);
}

/** In percent of the hash's range. */
export function rangeText([from, to]: PartitionBody['range']): string {
  const percent = (at: number): string => String(Math.round((1_000 * at) / HASH_END) / 10);
  return from === 0 && to === HASH_END ? 'all' : `${percent(from)}-${percent(to)} %`;
}

export function sizeText(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

export function percentText(share: number): string {
  return `${Math.round(100 * share)} %`;
}
