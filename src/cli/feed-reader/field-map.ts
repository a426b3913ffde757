import type { Pairs } from '../../config/setting.js';

/** Gives a feed's row our field names. */
export type FieldMap = (row: object) => object;

/**
 * The renaming of `--map ours=theirs`. A row that lacks the feed's field keeps what it has under
 * ours; where it has both, the mapped one wins.
 */
export function fieldMap(pairs: Pairs): FieldMap {
  return (row) => {
    const mapped = pairs.filter(([, theirs]) => Object.hasOwn(row, theirs));
    const gone = new Set(mapped.flat());
    const values = new Map<string, unknown>(Object.entries(row));
    const kept = [...values].filter(([name]) => !gone.has(name));
    const renamed = mapped.map(([ours, theirs]) => [ours, values.get(theirs)] as const);
    // fromEntries defines properties, so that `__proto__` stays an ordinary key.
    return Object.fromEntries<unknown>([...kept, ...renamed]);
  };
}
