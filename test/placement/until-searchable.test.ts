import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { firstPartition } from '../../src/placement/partition.js';
import { withServing } from '../../src/placement/replica-steps.js';
import { UntilSearchable, type AwaitedNodes } from '../../src/placement/until-searchable.js';
import type { Partition, Replica, TenantPlacement } from '../../src/store/store.js';
import { serving } from '../store/place.js';

const T = 'shop';
const MARK = Uint8Array.of(7);
const TIMEOUT_MS = 10_000;
const DEAD_AFTER_MS = 5_000;
/** How old what others know of a placement may be. */
const VIEW_AGE_MS = 1_000;

/** Nodes that have applied everything, but for those that lag. */
class Nodes implements AwaitedNodes {
  readonly lagging = new Set<string>();
  /** Since when each is silent. */
  readonly silentSinceMs = new Map<string, number>();
  asked: { node: string; awaited: Parameters<AwaitedNodes['awaitApplied']>[1] }[] = [];
  stopped: string[] = [];

  async awaitApplied(...asking: Parameters<AwaitedNodes['awaitApplied']>): Promise<boolean> {
    const [node, awaited, timeoutMs, signal] = asking;
    this.asked.push({ node, awaited });
    if (!this.lagging.has(node)) return true;
    return new Promise((resolve) => {
      setTimeout(() => resolve(!this.lagging.has(node)), timeoutMs);
      signal?.addEventListener('abort', () => {
        this.stopped.push(node);
        resolve(false);
      });
    });
  }

  silentMs(node: string): number {
    return performance.now() - (this.silentSinceMs.get(node) ?? performance.now());
  }

  /** As of now; a dead one says nothing of what it has applied. */
  die(node: string, agoMs = 0): void {
    this.lagging.add(node);
    this.silentSinceMs.set(node, performance.now() - agoMs);
  }
}

let nodes: Nodes;
let placement: TenantPlacement;
let searchable: UntilSearchable;
beforeEach(() => {
  vi.useFakeTimers();
  nodes = new Nodes();
  meanwhile = () => undefined;
  const store = { placement: async () => placement };
  searchable = new UntilSearchable({ store, nodes, change, deadAfterMs: DEAD_AFTER_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

const building = (node: string): Replica => ({ node, state: 'building' });
const leaving = (node: string): Replica => ({ node, state: 'leaving' });

function placed(...partitions: Replica[][]): void {
  placement = {
    counter: 1,
    partitions: partitions.map((replicas, i): Partition => {
      return { ...firstPartition(`c${i}`, []), replicas };
    }),
  };
}

/** As `Mover.change`; what else happens to the placement before it does. */
let meanwhile: () => void = () => undefined;
async function change(
  _tenant: string,
  to: (partitions: readonly Partition[], counter: number) => readonly Partition[],
): Promise<readonly Partition[]> {
  meanwhile();
  placement = {
    counter: placement.counter + 1,
    partitions: to(placement.partitions, placement.counter + 1),
  };
  return placement.partitions;
}

const states = (): string[] =>
  placement.partitions.map(({ replicas }) =>
    replicas.map(({ node, state }) => `${node} ${state}`).join(', '),
  );

/** Waits; tells what lags, and after how long that was known. */
async function wait(signal?: AbortSignal): Promise<{ lagging: string[]; afterMs: number }> {
  const startMs = performance.now();
  const waiting = searchable.awaitApplied(T, MARK, TIMEOUT_MS, signal);
  const ended = waiting.then((lagging) => ({ lagging, afterMs: performance.now() - startMs }));
  await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
  return ended;
}

describe('what is waited for after a write', () => {
  test('are the nodes that may be asked for anything of the tenant, each once', async () => {
    placed([...serving('s1', 's2'), building('s9')], [...serving('s2'), leaving('s3')]);
    expect(await wait()).toEqual({ lagging: [], afterMs: 0 });
    expect(nodes.asked.map(({ node }) => node).sort()).toEqual(['s1', 's2', 's3']);
    expect(nodes.asked[0]?.awaited).toEqual({ tenant: T, mark: MARK });
  });

  test('are those that build where nobody serves, and nobody of a tenant without a partition', async () => {
    placed([building('s1'), building('s2')]);
    await wait();
    expect(nodes.asked.map(({ node }) => node).sort()).toEqual(['s1', 's2']);
    placed();
    expect(await wait()).toEqual({ lagging: [], afterMs: 0 });
    expect(nodes.asked).toHaveLength(2);
  });

  test('is the index of a generation where one is named', async () => {
    placed(serving('s1'));
    expect(await searchable.awaitApplied(T, MARK, TIMEOUT_MS, undefined, 3)).toEqual([]);
    expect(nodes.asked[0]?.awaited).toEqual({ tenant: T, mark: MARK, generation: 3 });
  });

  test('is named where it lags when the time is over', async () => {
    placed(serving('s1', 's2'), serving('s3'));
    nodes.lagging.add('s2').add('s3');
    const { lagging, afterMs } = await wait();
    expect([lagging.sort(), afterMs]).toEqual([['s2', 's3'], TIMEOUT_MS]);
  });

  test('ends when the caller goes away', async () => {
    placed(serving('s1', 's2'));
    nodes.lagging.add('s2');
    const leavingCaller = new AbortController();
    setTimeout(() => leavingCaller.abort(), 1_000);
    expect(await wait(leavingCaller.signal)).toEqual({ lagging: ['s2'], afterMs: 1_000 });
    expect(nodes.stopped).toEqual(['s2']);
  });
});

describe('a node that is dead', () => {
  test('is not waited for where others serve all that it has', async () => {
    placed(serving('s1', 's2'), serving('s2', 's3'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    const { lagging, afterMs } = await wait();
    expect(lagging).toEqual([]);
    expect(nodes.stopped).toEqual(['s2']);
    expect(states()).toEqual(['s1 serving, s2 building', 's2 building, s3 serving']);
    // All who ask have read that by then.
    expect(afterMs).toBeGreaterThan(VIEW_AGE_MS);
    expect(afterMs).toBeLessThan(2 * VIEW_AGE_MS);
  });

  test('is waited for until it was silent for so long', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', 1_000);
    const { lagging, afterMs } = await wait();
    expect(lagging).toEqual([]);
    expect(afterMs).toBeGreaterThan(DEAD_AFTER_MS - 1_000 + VIEW_AGE_MS);
    expect(afterMs).toBeLessThan(DEAD_AFTER_MS + VIEW_AGE_MS);
  });

  test('keeps no write waiting after the first, wherever that was', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    await wait();
    expect(await wait()).toEqual({ lagging: [], afterMs: 0 });
    const elsewhere = new UntilSearchable({
      ...{ store: { placement: async () => placement }, nodes, change },
      deadAfterMs: DEAD_AFTER_MS,
    });
    searchable = elsewhere;
    expect((await wait()).afterMs).toBeGreaterThan(VIEW_AGE_MS);
    expect((await wait()).afterMs).toBe(0);
  });

  test('is late anew where it served again meanwhile', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    await wait();
    const { counter, partitions } = placement;
    placement = { counter: counter + 1, partitions: withServing(partitions, 's2', partitions) };
    expect(placement.partitions[0]?.replicas).toEqual(serving('s1', 's2'));
    expect((await wait()).afterMs).toBeGreaterThan(VIEW_AGE_MS);
  });

  test('is named where there is no time for others to learn of it', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    const waiting = searchable.awaitApplied(T, MARK, 500);
    await vi.advanceTimersByTimeAsync(500);
    expect(await waiting).toEqual(['s2']);
  });

  test('is named where the placement cannot be changed, or not in time: what was written stays so', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    meanwhile = () => {
      throw new Error('the placement kept changing');
    };
    expect((await wait()).lagging).toEqual(['s2']);
    const store = { placement: async () => placement };
    const never = (): Promise<never> => new Promise(() => undefined);
    searchable = new UntilSearchable({ store, nodes, change: never, deadAfterMs: DEAD_AFTER_MS });
    expect((await wait()).lagging).toEqual(['s2']);
  });

  test('lags where another observer has taken the others for dead', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    meanwhile = () => placed([building('s1'), ...serving('s2')]);
    expect((await wait()).lagging).toEqual(['s2']);
    expect(states()).toEqual(['s1 building, s2 serving']);
  });

  test('lags where nobody else serves something that it has', async () => {
    placed(serving('s1', 's2'), serving('s2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    expect(await wait()).toEqual({ lagging: ['s2'], afterMs: TIMEOUT_MS });
  });

  test('lags where the others are only being built', async () => {
    placed([...serving('s2'), building('s1')]);
    nodes.die('s2', DEAD_AFTER_MS + 1);
    expect((await wait()).lagging).toEqual(['s2']);
  });

  test('lags as long as the other that serves what it has does, which is not dead', async () => {
    placed(serving('s1', 's2'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    nodes.lagging.add('s1');
    const { lagging, afterMs } = await wait();
    expect([lagging.sort(), afterMs]).toEqual([['s1', 's2'], TIMEOUT_MS]);
  });

  test('is none that lags and lives', async () => {
    placed(serving('s1', 's2'));
    nodes.lagging.add('s2');
    nodes.silentSinceMs.set('s1', performance.now() - 60_000);
    expect((await wait()).lagging).toEqual(['s2']);
  });

  test('is not waited for either where another that leaves has all that it has', async () => {
    placed([leaving('s1'), leaving('s2'), building('s3')], serving('s3'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    expect((await wait()).lagging).toEqual([]);
    expect(placement.partitions[0]?.replicas[1]).toMatchObject({ isUnasked: true, lateSince: 2 });
    expect((await wait()).afterMs).toBe(0);
  });

  test('keeps nobody waiting for what a tenant lacks elsewhere', async () => {
    // s4 lives and lags: the reply names it, and the dead one as well.
    placed(serving('s1', 's2'), serving('s4'));
    nodes.die('s2', DEAD_AFTER_MS + 1);
    nodes.lagging.add('s4');
    expect((await wait()).lagging).toContain('s4');
  });
});
