import { setTimeout as sleep } from 'node:timers/promises';
import { finding, type Attack, type Finding } from './attack.js';
import type { Target } from './target.js';

const SEARCHES_PER_SECOND = 400;
/** In the short form: its machine runs other tests beside. */
const SHORT_PER_SECOND = 40;
const SHORT_SECONDS = 5;

/** One of two shards hangs while many search. */
export const frozenShard: Attack = {
  name: 'a frozen shard at 400 searches a second',
  async run(target, seconds) {
    return whileFrozen(target, async (here, there) => {
      const [onHealthy = '', onFrozen = ''] = [here[0], there[0]];
      const counts = { sent: 0, failed: 0, unflagged: 0 };
      const pending: Promise<void>[] = [];
      const startMs = performance.now();
      const perSecond = seconds < SHORT_SECONDS ? SHORT_PER_SECOND : SEARCHES_PER_SECOND;
      for (let i = 0; i < seconds * perSecond; i++) {
        await sleep(Math.max(0, startMs + (i * 1_000) / perSecond - performance.now()));
        const category = i % 2 === 0 ? [onHealthy] : [onHealthy, onFrozen];
        pending.push(searchIn(target, category, onFrozen, counts));
      }
      await Promise.all(pending);
      return [
        finding(
          'no search of the healthy shard fails',
          counts.failed === 0,
          JSON.stringify(counts),
        ),
        finding('what is missing is said', counts.unflagged === 0, counts.unflagged),
      ];
    });
  },
};

/** Writers that wait for a shard that hangs, beside writers that do not. */
export const waitsOnFrozenShard: Attack = {
  name: '128 waits on a frozen shard beside plain writes',
  async run(target, seconds) {
    return whileFrozen(target, async () => {
      const line = JSON.stringify({ id: 'waits', title: 'waits', category: 'Waits', n: 1 });
      const waiting = Array.from({ length: 128 }, (_, i) => {
        const body = line.replace('"n":1', `"n":${i}`);
        const path = '/products?wait=searchable&wait_timeout_ms=600000';
        return target.hostile.request('POST', path, body).catch(() => undefined);
      });
      await sleep(500);
      let slowestMs = 0;
      let failed = 0;
      const endMs = performance.now() + seconds * 1_000;
      for (let i = 0; performance.now() < endMs; i++) {
        const startMs = performance.now();
        const product = { id: 'plain', title: `plain ${i}`, category: 'Plain' };
        const { status } = await target.quiet.request('POST', '/products', product);
        slowestMs = Math.max(slowestMs, performance.now() - startMs);
        if (status !== 200) failed += 1;
        await sleep(100);
      }
      void Promise.all(waiting);
      return [
        finding('plain writes are accepted', failed === 0, `${failed} refused`),
        finding('within a second each', slowestMs < 1_000, `${Math.round(slowestMs)} ms at worst`),
      ];
    });
  },
};

/** Runs `work` with the categories of the shard that goes on, and of the one that is stopped. */
async function whileFrozen(
  target: Target,
  work: (here: string[], there: string[]) => Promise<Finding[]>,
): Promise<Finding[]> {
  const byShard = await target.categoriesByShard();
  const [healthy = '', frozen = ''] = [...byShard.keys()].sort();
  const { pid } = target.processOf('shard-node', frozen);
  process.kill(pid, 'SIGSTOP');
  try {
    return await work(byShard.get(healthy) ?? [], byShard.get(frozen) ?? []);
  } finally {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It was replaced meanwhile.
    }
  }
}

interface Counts {
  sent: number;
  failed: number;
  unflagged: number;
}

async function searchIn(
  { quiet, timeoutMs }: Target,
  category: string[],
  missing: string,
  counts: Counts,
): Promise<void> {
  counts.sent += 1;
  const asked = { query: 'product', filter: { category }, top_k: 5 };
  const body = { ...asked, timeout_ms: timeoutMs };
  const reply = await quiet.request('POST', '/search/text', body).catch(() => undefined);
  if (reply?.status !== 200) {
    counts.failed += 1;
    return;
  }
  const { partial } = reply.body as { partial: { missing: { category?: string }[] } | null };
  const said = partial?.missing.some((part) => part.category === missing) ?? false;
  // A shard that is replaced answers again: then nothing is missing, and that is no fault.
  if (category.includes(missing) && !said && partial !== null) counts.unflagged += 1;
}
