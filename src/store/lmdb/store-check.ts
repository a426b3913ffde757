import type { DamageLog } from '../damage-log.js';
import type { DataFile } from './identity.js';
import { checkPages, type CheckOutcome } from './page-check.js';
import { numberOf } from './keys.js';
import { BLOCKS, COPIES, describe, FREE_BLOCKS, unsealed, VECTORS } from './table.js';
import { blocksOf } from './vector-table.js';

/** Checks pages and values of the store's file; see `checkPages`. Names damaged values in `damage`. */
export async function checkStore(
  file: DataFile,
  isBeside: boolean,
  damage: DamageLog,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  // The tables come by name: blocks before the vectors that they are parts of.
  const damagedBlocks = new Set<number>();
  return checkPages(file.path, isBeside, onValue, signal);

  function onValue(table: string, key: Buffer, value: Buffer): void {
    // A copy is sealed under the key of what it is a copy of.
    const sealedKey = table === COPIES ? key.subarray(key.indexOf(0) + 1) : key;
    const sound = unsealed(sealedKey, value);
    if (table === BLOCKS) {
      if (sound === undefined) damagedBlocks.add(numberOf(key));
      return;
    }
    if (sound !== undefined && !(table === VECTORS && hasDamaged(sound))) return;
    // A free block whose name is lost is room that is lost, and nothing else.
    if (table === FREE_BLOCKS) return;
    damage.add(key, { ...describe(sealedKey), what: table });
  }

  function hasDamaged(record: Buffer): boolean {
    return damagedBlocks.size > 0 && blocksOf(record).some((number) => damagedBlocks.has(number));
  }
}
