import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { OmniSearchError } from '../../client/errors.js';
import { MoveError } from '../move/move.js';
import type { RowCopy } from './copy.js';

/** Tenants that are asked, the first by name, and texts of each. */
const TENANTS = 50;
const TEXTS = 10;
/** What is written meanwhile is on one side before it is on the other. */
const ATTEMPTS = 5;
const PAUSE_MS = 500;
const FORBIDDEN = 403;

/**
 * Asks both sides for products by their titles, exhaustively: ids and scores are to be the same. Resolves with how many
 * answers were. Rejects `MoveError` where one stays another.
 */
export async function compareAnswers(copy: RowCopy, tenants: readonly string[]): Promise<number> {
  let answers = 0;
  for (const tenant of tenants.slice(0, TENANTS)) {
    for (const title of await titlesOf(copy, tenant)) {
      await compareAnswer(copy, tenant, title);
      answers += 1;
    }
  }
  return answers;
}

/** Nobody is answered for a tenant that is suspended. */
async function titlesOf({ from }: RowCopy, tenant: string): Promise<string[]> {
  try {
    return await from.titles(tenant, TEXTS);
  } catch (error) {
    if (error instanceof OmniSearchError && error.status === FORBIDDEN) return [];
    throw error;
  }
}

async function compareAnswer(copy: RowCopy, tenant: string, text: string): Promise<void> {
  const { from, to } = copy;
  for (let attempt = 1; ; attempt++) {
    const [here, there] = [await from.answer(tenant, text), await to.answer(tenant, text)];
    if (isDeepStrictEqual(here, there)) return;
    if (attempt === ATTEMPTS) {
      throw new MoveError(
        `${tenant}: the search for ${JSON.stringify(text)} has other hits there: ${JSON.stringify([here, there])}`,
      );
    }
    await copy.round([tenant]);
    await to.restores.settle(tenant);
    await sleep(PAUSE_MS);
  }
}
