import type { BenchRun } from '../lib/bench.js';
import type { FlagSpecs } from '../lib/flags.js';
import type { OmniServer } from '../lib/omni-server.js';
import { Random } from '../lib/random.js';
import type { SearchReply } from '../lib/search.js';
import type { VectorSet } from '../lib/synthetic.js';
import { timerClock } from '../load/clock.js';
import { runClosedLoop } from '../load/closed-loop.js';
import { pacedSearches, writeBeside } from './paced.js';

/** How it is searched and written at once. */
export interface WriteLoad {
  /** Searches a second. */
  rate: number;
  /** Rows written a second. */
  rows: number;
  seconds: number;
  /** Requests in flight of the closed loop. */
  users: number;
}

/** Searches alone and beside writes: at a rate, and as many as are answered. */
export async function measureWrites(
  run: BenchRun<FlagSpecs>,
  server: OmniServer,
  base: VectorSet,
  { rate, rows, seconds, users }: WriteLoad,
  send: (index: number) => Promise<SearchReply>,
) {
  const random = new Random(run.flags.seed, 'writes');
  const paced = (title: string, forSeconds: number) =>
    pacedSearches(run, title, { rate, seconds: forSeconds }, send);
  const most = (title: string) =>
    run.measure(title, () =>
      runClosedLoop({ clock: timerClock, users, warmupMs: 1000, durationMs: 11_000, send }),
    );
  const quiet = await paced(`${String(rate)}/s alone`, Math.min(seconds, 30));
  const quietMost = await most('as many as are answered, alone');
  const end = writeBeside(server, base, rows, random);
  const beside = await paced(`${String(rate)}/s beside ${String(rows)} rows/s`, seconds);
  const besideMost = await most('as many as are answered, beside writes');
  const written = await end();
  return { quiet, beside, quiet_most: quietMost, beside_most: besideMost, written };
}
