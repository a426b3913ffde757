import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Store } from '../store/store.js';

/** Of so many something may be read in one turn of the event loop. */
const TENANTS_A_TURN = 20;

/** All tenants after the one called `after`, by name. Reads of some stores never leave the turn that asks: it is given away. */
export async function* tenantsInTurns(
  store: Pick<Store, 'tenants'>,
  after?: string,
): AsyncGenerator<string> {
  for (let last = after; ;) {
    const tenants = await store.tenants(last, TENANTS_A_TURN);
    yield* tenants;
    last = tenants.at(-1);
    if (last === undefined || tenants.length < TENANTS_A_TURN) return;
    await nextTurn();
  }
}
