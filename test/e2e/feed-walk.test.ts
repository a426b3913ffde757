import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Shell } from './shell.js';
import { freePorts } from './topology.js';
import { blocksOf } from './walk-steps.js';

const LIMIT_MS = 120_000;
/** The history of a new store begins so long after the first node that keeps it has started (`HistoryTerm`). */
const HISTORY_BEGINS_MS = 2_000;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action();
});

function csvOf(count: number): string {
  const rows = Array.from({ length: count }, (_, i) => `${i + 1},Chair ${i + 1},chairs,${i}`);
  return `id,title,category,price\n${rows.join('\n')}\n`;
}

/** Serves a feed; resolves with where. */
async function serveFeed(feed: string): Promise<string> {
  const feeds = createServer((_, reply) => {
    reply.setHeader('content-type', 'text/csv').end(feed);
  }).listen(0, '127.0.0.1');
  cleanUp.push(() => feeds.close());
  await once(feeds, 'listening');
  return `http://127.0.0.1:${(feeds.address() as AddressInfo).port}`;
}

test(
  'the walk of the README through a nightly feed: it comes by schedule, what it lacks goes once confirmed, and comes back',
  { timeout: LIMIT_MS },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'omnisearch-walk-'));
    cleanUp.push(() => rmSync(dir, { recursive: true, force: true }));
    const [port] = await freePorts(1);
    const host = await serveFeed(csvOf(10));
    const shell = new Shell(dir, {
      OMNISEARCH_PORT: String(port),
      OMNISEARCH_URL: `http://127.0.0.1:${port}`,
      OMNISEARCH_LOG_LEVEL: 'warn',
      OMNISEARCH_SHARDS: '1',
      OMNISEARCH_EMBEDDING_THREADS: '1',
    });
    cleanUp.push(() => shell.stop());
    // A night is over within a second here.
    const here = (text: string): string =>
      text
        .replaceAll('https://feeds.example.com', host)
        .replaceAll('8080', String(port))
        .replaceAll('0 3 * * *', '* * * * * *');
    const take = (block = ''): Promise<string> => shell.run(here(block));
    const has = async (id: number): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${port}/products/${id}`)).ok;
    const [open, nightly, byHand, back, ...more] = blocksOf('Nightly feed');
    expect(more).toEqual([]);

    expect(await take(open)).toContain('{"status":"ok"}');
    const historyMs = Date.now() + HISTORY_BEGINS_MS;
    // By hand no feed comes in between.
    const untilThere = 'curl localhost:8080/products/10';
    const scheduled = await take(`${nightly}\n${untilThere}\nkill %2\nwait %2`);
    expect(scheduled).toMatch(/next: \d{4}-.*Z/);
    expect(scheduled).toContain('"title":"Chair 10"');

    writeFileSync(join(dir, 'catalogue.csv'), csvOf(4));
    // The walk's `before` is a whole second: one after the writes so far, of which the history knows.
    const knownMs = Math.ceil(Math.max(Date.now(), historyMs) / 1000) * 1000;
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThanOrEqual(knownMs);
    const asked = await take(byHand);
    expect(asked).toContain('0 would be added, 0 changed, 6 removed, 0 rejected');
    await expect.poll(() => has(10), { timeout: 30_000 }).toBe(false);
    expect(await has(4)).toBe(true);

    const undone = await take(back);
    expect(undone).toContain('6 would be back: 5, 6, 7, 8, 9, …');
    expect(undone).toContain('6 back');
    expect(await has(10)).toBe(true);
  },
);
