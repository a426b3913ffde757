import type { DamageLog } from '../damage-log.js';
import type { DataFile } from './identity.js';
import { checkPages, type CheckOutcome } from './page-check.js';
import { COPIES, describe, unsealed } from './table.js';

/** Checks pages and values of the store's file; see `checkPages`. Names damaged values in `damage`. */
export async function checkStore(
  file: DataFile,
  isBeside: boolean,
  damage: DamageLog,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  return checkPages(file.path, isBeside, onValue, signal);

  function onValue(table: string, key: Buffer, value: Buffer): void {
    // A copy is sealed under the key of what it is a copy of.
    const sealedKey = table === COPIES ? key.subarray(key.indexOf(0) + 1) : key;
    if (unsealed(sealedKey, value) !== undefined) return;
    damage.add(key, { ...describe(sealedKey), what: table });
  }
}
