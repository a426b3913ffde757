import type { ReplicaCall, Served } from '../../../src/shard-client/replicas/replica-call.js';
import type { ReplicaCalls } from '../../../src/shard-client/replicas/replica-calls.js';
import type { SimulatedAnswer, SimulatedReplicas } from './simulated-replicas.js';

/** One call from its start to its end, milliseconds of the virtual clock. */
export interface Ended {
  startedAtMs: number;
  durationMs: number;
  served: Served<SimulatedAnswer> | undefined;
  error: unknown;
}

export interface Load {
  count: number;
  everyMs: number;
  budgetMs?: number;
  wish?: (index: number) => Partial<ReplicaCall<SimulatedAnswer>>;
}

/** Makes calls at even times, whether or not those before have ended. */
export async function openLoop(
  replicas: SimulatedReplicas,
  calls: ReplicaCalls,
  { count, everyMs, budgetMs = 1_000, wish = () => ({}) }: Load,
): Promise<Ended[]> {
  const { clock } = replicas;
  const startMs = clock.nowMs();
  const all: Promise<Ended>[] = [];
  const drive = async (): Promise<Ended[]> => {
    for (let i = 0; i < count; i++) {
      await clock.sleepUntil(startMs + i * everyMs);
      all.push(timed(replicas, calls, budgetMs, wish(i)));
    }
    return Promise.all(all);
  };
  return clock.run(drive());
}

/** One call alone. */
export async function once(
  replicas: SimulatedReplicas,
  calls: ReplicaCalls,
  budgetMs: number,
  wish: Partial<ReplicaCall<SimulatedAnswer>> = {},
  signal?: AbortSignal,
): Promise<Ended> {
  return replicas.clock.run(timed(replicas, calls, budgetMs, wish, signal));
}

/** As many calls, one after the other, as make the times of their kind known. */
export async function warm(replicas: SimulatedReplicas, calls: ReplicaCalls): Promise<void> {
  await openLoop(replicas, calls, { count: 64, everyMs: 5 });
}

/** The duration that `share` of all did not exceed, milliseconds. */
export function quantileMs(ended: readonly Ended[], share: number): number {
  const sorted = ended.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] as number;
}

async function timed(
  replicas: SimulatedReplicas,
  calls: ReplicaCalls,
  budgetMs: number,
  wish: Partial<ReplicaCall<SimulatedAnswer>>,
  signal?: AbortSignal,
): Promise<Ended> {
  const { clock } = replicas;
  const startedAtMs = clock.nowMs();
  const call = calls.call(replicas.call(wish), replicas.deadline(budgetMs), signal);
  const [served, error] = await call.then(
    (answer) => [answer, undefined] as const,
    (reason: unknown) => [undefined, reason] as const,
  );
  return { startedAtMs, durationMs: clock.nowMs() - startedAtMs, served, error };
}
