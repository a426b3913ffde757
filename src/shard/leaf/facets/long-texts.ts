import type { Budget } from '../../../core/budget.js';
import { Bitset } from '../../index/bitset.js';
import { LONG_TEXT, type Dictionary } from '../../index/column.js';
import { fromByteText, TextDictionary } from '../../index/columns/text-dictionary.js';

/** Values read between two looks at the budget, and the units of work of reading one. */
const SLICE_VALUES = 1_024;
const READ_UNITS = 8;

/** A bit a value, found out once. */
const known = new WeakMap<Dictionary, Bitset | 'none'>();

/**
 * The codes of texts of which a column has only the beginning, so that nobody can be told them; undefined where
 * there is none, or the budget was spent first.
 */
export async function longTexts(
  dictionary: Dictionary,
  budget: Budget,
): Promise<Bitset | undefined> {
  if (!(dictionary instanceof TextDictionary)) return undefined;
  let found = known.get(dictionary);
  if (found === undefined) {
    found = 'none';
    let code = 0;
    for (const value of dictionary.byteTexts()) {
      code += 1;
      if (value.length > LONG_TEXT && fromByteText(value).length > LONG_TEXT) {
        if (found === 'none') found = new Bitset(dictionary.size + 1);
        found.add(code);
      }
      if (code % SLICE_VALUES > 0) continue;
      if (budget.spend(SLICE_VALUES * READ_UNITS) && !(await budget.pause())) return undefined;
    }
    known.set(dictionary, found);
  }
  return found === 'none' ? undefined : found;
}
