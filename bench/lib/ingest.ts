import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonClient } from './client.js';
import { listProcesses, type ProcessInfo } from './processes.js';
import { Progress } from './progress.js';

const ROWS_A_REQUEST = 500;
const REQUESTS_IN_FLIGHT = 2;
const INGEST_TIMEOUT_MS = 600_000;

/** How long a load took, from its first request on. */
export interface IngestTimes {
  products: number;
  /** Until the last product was acknowledged (durable). */
  acknowledged_ms: number;
  /** Until every live replica had applied it. */
  searchable_ms: number;
}

/** Sends NDJSON lines in requests of 500, two at a time, and waits until all can be searched. */
export async function ingest(
  client: JsonClient,
  total: number,
  lineAt: (row: number) => string | Buffer,
  title = 'indexing',
): Promise<IngestTimes> {
  const progress = new Progress(title, total, 'products');
  const startMs = performance.now();
  let nextRow = 0;
  const sender = async (): Promise<void> => {
    while (nextRow < total) {
      const from = nextRow;
      const to = Math.min(total, from + ROWS_A_REQUEST);
      nextRow = to;
      await sendRows(client, from, to, lineAt);
      progress.add(to - from);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, sender));
  progress.done();
  const acknowledgedMs = performance.now() - startMs;
  await waitSearchable(client, lineAt(total - 1));
  return {
    products: total,
    acknowledged_ms: acknowledgedMs,
    searchable_ms: performance.now() - startMs,
  };
}

async function sendRows(
  client: JsonClient,
  from: number,
  to: number,
  lineAt: (row: number) => string | Buffer,
): Promise<void> {
  const newline = Buffer.from('\n');
  const parts: Buffer[] = [];
  for (let row = from; row < to; row += 1) {
    const line = lineAt(row);
    parts.push(typeof line === 'string' ? Buffer.from(line) : line, newline);
  }
  const reply = (await post(client, '/products', Buffer.concat(parts))) as {
    accepted: number;
    rejected?: unknown[];
  };
  if (reply.accepted !== to - from) {
    throw new Error(`products were rejected: ${JSON.stringify(reply.rejected?.slice(0, 3))}`);
  }
}

/** Sends a product that is stored already, which changes nothing, and waits for what came before. */
async function waitSearchable(client: JsonClient, line: string | Buffer): Promise<void> {
  const giveUpMs = performance.now() + INGEST_TIMEOUT_MS;
  while (performance.now() < giveUpMs) {
    const path = '/products?wait=searchable&wait_timeout_ms=30000';
    const reply = (await post(client, path, Buffer.from(line))) as { searchable: boolean };
    if (reply.searchable) return;
  }
  throw new Error('the products did not become searchable in time');
}

function post(client: JsonClient, path: string, body: Buffer): Promise<unknown> {
  return client.expect('POST', path, body, 'application/x-ndjson', INGEST_TIMEOUT_MS);
}

const QUIET_MS = 6_000;
const QUIET_SHARE = 0.15;

/**
 * Waits until an engine has ended its work in the background (building, merging, vacuuming):
 * under 15 % of a core for six seconds, since some begin only after a pause. The same rule for every
 * engine.
 */
export async function waitUntilQuiet(
  processes: () => readonly ProcessInfo[],
  timeoutMs = 1_800_000,
): Promise<void> {
  const giveUpMs = performance.now() + timeoutMs;
  const cpuMs = (): number => processes().reduce((sum, process) => sum + process.cpuMs, 0);
  if (listProcesses().length === 0) return; // no /proc here
  for (let before = cpuMs(); performance.now() < giveUpMs;) {
    await sleep(QUIET_MS);
    const now = cpuMs();
    if (now - before < QUIET_SHARE * QUIET_MS) return;
    before = now;
  }
  throw new Error('the engine was still busy in the background');
}
