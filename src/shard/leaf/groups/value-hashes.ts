import type { Budget } from '../../../core/budget.js';
import { checkId, hashId } from '../../../core/ids.js';
import type { ColumnReader, Dictionary } from '../../index/column.js';

/** Values read between two looks at the budget, and the units of work of reading one. */
const SLICE_VALUES = 512;
const READ_UNITS = 16;

const known = new WeakMap<Dictionary, BigUint64Array>();

/**
 * 64-bit hashes of a dictionary's values with their type, by code, made once: so that the groups of several
 * blocks and shards are counted once. Undefined where the budget was spent first.
 */
export async function valueHashes(
  { type, dictionary }: Pick<ColumnReader, 'type' | 'dictionary'>,
  budget: Budget,
): Promise<BigUint64Array | undefined> {
  const found = known.get(dictionary);
  if (found !== undefined) return found;
  const hashes = new BigUint64Array(dictionary.size + 1);
  for (let code = 1; code <= dictionary.size; code++) {
    const named = `${type}:${String(dictionary.valueOf(code))}`;
    hashes[code] = (BigInt(hashId(named)) << 32n) | BigInt(checkId(named));
    if (code % SLICE_VALUES > 0) continue;
    if (budget.spend(SLICE_VALUES * READ_UNITS) && !(await budget.pause())) return undefined;
  }
  known.set(dictionary, hashes);
  return hashes;
}
