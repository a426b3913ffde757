import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/logger.js';

const POLL_MS = 50;
const TELL_EVERY_MS = 10_000;

/**
 * Resolves once the node at `url` can answer searches. However long that takes: shards that lost
 * their files build them again. Rejects when `stopping` is aborted.
 */
export async function untilReady(
  url: string,
  stopping: AbortSignal,
  logger: Logger,
): Promise<void> {
  let tellAtMs = performance.now() + TELL_EVERY_MS;
  for (;;) {
    if (await isReady(url)) return;
    if (performance.now() > tellAtMs) {
      logger.info('waiting for the shards to catch up with the store');
      tellAtMs += TELL_EVERY_MS;
    }
    await sleep(POLL_MS, undefined, { signal: stopping });
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // The query node is being started again.
    return false;
  }
}
