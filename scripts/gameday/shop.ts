import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JsonClient } from '../../bench/lib/client.js';
import type { OmniServer } from '../../bench/lib/omni-server.js';
import { REPOSITORY } from '../../bench/lib/paths.js';

const MAIN = join(REPOSITORY, 'dist', 'cli', 'main.js');
const ROWS_A_REQUEST = 500;
const WHOLE_LIMIT_MS = 900_000;
const PAUSE_MS = 200;
const DIMENSIONS = 32;

export const SHOP_OPTIONS = {
  ...{ shards: 2, model: 'none', dimensions: DIMENSIONS },
  env: { OMNISEARCH_HISTORY_DAYS: '1' },
};

/** What can be told of a catalogue from outside. */
export interface Seen {
  products: number;
  /** Exact answers to a few searches. */
  answers: string;
}

/** A tenant of a server, written and looked at as its shop does. */
export class Shop {
  private readonly client: JsonClient;

  constructor(
    readonly server: OmniServer,
    readonly tenant: string,
  ) {
    this.client = new JsonClient(server.url, 60_000, 8, tenant);
  }

  /** Rows from `from` to `to`, the last request awaited until searchable. */
  async write(from: number, to: number, price = 10): Promise<void> {
    for (let at = from; at < to; at += ROWS_A_REQUEST) {
      const end = Math.min(to, at + ROWS_A_REQUEST);
      const lines = Array.from({ length: end - at }, (_, i) => rowOf(at + i, price));
      const wait = end === to ? '?wait=searchable&wait_timeout_ms=60000' : '';
      await this.client.expect(
        'POST',
        `/products${wait}`,
        lines.join('\n'),
        'application/x-ndjson',
      );
    }
  }

  async see(): Promise<Seen | undefined> {
    const searches = [1, 2, 3].map((seed) => ({
      ...{ vector: vectorOf(seed), top_k: 20, exact: true, timeout_ms: 20_000 },
      fields: ['price'],
    }));
    try {
      const found = await Promise.all(
        searches.map((search) => this.client.expect('POST', '/search/vector', search)),
      );
      const bodies = found as { hits: unknown; total: number; partial: unknown }[];
      if (bodies.some(({ partial }) => partial !== null)) return undefined;
      const answers = JSON.stringify(bodies.map(({ hits }) => hits));
      return { products: bodies[0]?.total ?? 0, answers };
    } catch {
      // It is down, or not ready: that is what is being timed.
      return undefined;
    }
  }

  /** Resolves with the milliseconds since `lostMs` once it is as it was. */
  async untilWhole(expected: Seen, lostMs: number): Promise<number> {
    for (const until = performance.now() + WHOLE_LIMIT_MS; performance.now() < until;) {
      const seen = await this.see();
      if (seen?.products === expected.products && seen.answers === expected.answers) {
        return performance.now() - lostMs;
      }
      await sleep(PAUSE_MS);
    }
    throw new Error(`${this.tenant} did not come back`);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** Runs `omnisearch …` on the server; throws with what it said where it fails. */
export async function omnisearch(server: OmniServer, ...args: string[]): Promise<string> {
  const words = [MAIN, ...args, '--url', server.url];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`omnisearch ${args.join(' ')}: ${said}`);
  return said;
}

function rowOf(row: number, price: number): string {
  const category = `Category ${String(row % 9)}`;
  const title = `Product ${String(row)}`;
  return JSON.stringify({ id: `p${String(row)}`, title, category, price, vector: vectorOf(row) });
}

function vectorOf(seed: number): number[] {
  return Array.from({ length: DIMENSIONS }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233));
}
