import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchRun } from '../lib/bench.js';
import type { FlagSpecs } from '../lib/flags.js';
import type { OmniServer } from '../lib/omni-server.js';
import { Random } from '../lib/random.js';
import type { SearchReply } from '../lib/search.js';
import type { VectorSet } from '../lib/synthetic.js';
import { rowId, vectorProduct } from '../lib/vector-json.js';
import { poissonArrivals } from '../load/arrivals.js';
import { timerClock } from '../load/clock.js';
import { runOpenLoop } from '../load/open-loop.js';
import type { LoadResult } from '../load/tally.js';

const WARMUP_MS = 2_000;
const MAX_IN_FLIGHT = 512;
const DRAIN_MS = 10_000;
const BATCHES_A_SECOND = 10;
const RETRY_MS = 100;

export interface Pace {
  /** Searches a second. */
  rate: number;
  seconds: number;
}

/** Searches that come at their times, whatever the answers take. */
export function pacedSearches(
  run: BenchRun<FlagSpecs>,
  title: string,
  { rate, seconds }: Pace,
  send: (index: number) => Promise<SearchReply>,
): Promise<LoadResult> {
  const durationMs = WARMUP_MS + seconds * 1000;
  return run.measure(title, () =>
    runOpenLoop({
      clock: timerClock,
      arrivals: poissonArrivals(rate, durationMs, new Random(run.flags.seed, title)),
      warmupMs: WARMUP_MS,
      durationMs,
      maxInFlight: MAX_IN_FLIGHT,
      drainMs: DRAIN_MS,
      send,
    }),
  );
}

/** What was written beside searches. */
export interface Written {
  rows: number;
  /** Requests that were refused for the moment (503), and sent again. */
  refused: number;
  rows_a_second: number;
}

/**
 * Writes rows that are there already, at random, each with another's vector, so many a second in ten requests, until it
 * is told to end. A request that takes longer than a tenth of a second has the next ones wait.
 */
export function writeBeside(
  server: OmniServer,
  base: VectorSet,
  rowsASecond: number,
  random: Random,
): () => Promise<Written> {
  let isOver = false;
  const startMs = performance.now();
  const written = (async (): Promise<Written> => {
    let rows = 0;
    let refused = 0;
    const batchRows = Math.max(1, Math.round(rowsASecond / BATCHES_A_SECOND));
    for (let batch = 0; !isOver; batch += 1) {
      const dueMs = startMs + (batch * 1000) / BATCHES_A_SECOND;
      await sleep(Math.max(0, dueMs - performance.now()));
      const lines = Array.from({ length: batchRows }, () =>
        vectorProduct(base, anyRow(base, random), undefined, rowId(anyRow(base, random))),
      );
      const body = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
      for (;;) {
        const request = ['POST', '/products', body, 'application/x-ndjson', DRAIN_MS] as const;
        const { status, body: reply } = await server.client.request(...request);
        if (status === 200) break;
        if (status !== 503) throw new Error(`a write: ${String(status)} ${JSON.stringify(reply)}`);
        refused += 1;
        await sleep(RETRY_MS);
      }
      rows += lines.length;
    }
    return { rows, refused, rows_a_second: (rows * 1000) / (performance.now() - startMs) };
  })();
  written.catch(() => undefined);
  return () => {
    isOver = true;
    return written;
  };
}

function anyRow({ count }: VectorSet, random: Random): number {
  return Math.floor(random.next() * count);
}
