import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The pause before a lost race is run again: a random part of `baseMs` times 2 to the power of `attempt`, so
 * that those that met once do not meet again.
 */
export async function backOff(attempt: number, baseMs: number, mostMs = Infinity): Promise<void> {
  await sleep(Math.random() * Math.min(mostMs, baseMs * 2 ** attempt));
}
