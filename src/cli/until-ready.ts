import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

const WAIT_MS = 120_000;
const POLL_MS = 50;

/** Resolves once the node at `url` can answer searches. */
export async function untilReady(url: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  for (;;) {
    try {
      const { statusCode, body } = await request(`${url}/readyz`);
      await body.dump();
      if (statusCode === 200) return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    if (performance.now() > endMs) throw new Error(`${url} did not become ready`);
    await sleep(POLL_MS);
  }
}
