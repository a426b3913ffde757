import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Deadline } from '../../../src/core/deadline.js';
import type { OmniError } from '../../../src/core/errors.js';
import { HedgeBudget } from '../../../src/shard-client/replicas/hedge-budget.js';
import { ReplicaCalls } from '../../../src/shard-client/replicas/replica-calls.js';
import { once, openLoop, warm } from './load.js';
import { type SimulatedAnswer, SimulatedReplicas } from './simulated-replicas.js';

let replicas: SimulatedReplicas;
let calls: ReplicaCalls;

beforeEach(async () => {
  replicas = new SimulatedReplicas('s1a', 's1b');
  calls = replicas.calls();
  await warm(replicas, calls);
});

const first = { prefer: 's1a' };

describe('a single replica', () => {
  const nodes = ['s1a'];

  it('is asked with the caller’s own deadline and signal, and no timer', async () => {
    const timers = replicas.timers.all;
    const deadline = replicas.deadline(500);
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const answer = { from: 's1a', isWhole: true };
    const ask = async (...given: unknown[]): Promise<SimulatedAnswer> => {
      seen.push(...given);
      return answer;
    };
    const served = await calls.call(replicas.call({ nodes, ask }), deadline, signal);
    expect(served).toEqual({ node: 's1a', answer });
    expect(seen[0]).toBe('s1a');
    expect(seen[1]).toBe(deadline);
    expect(seen[2]).toBe(signal);
    expect(replicas.timers.all).toBe(timers);
  });

  it('gives its answer, whole or not, and its error as they are', async () => {
    replicas.node('s1a').isWhole = false;
    const part = await once(replicas, calls, 500, { nodes });
    expect(part.served?.answer.isWhole).toBe(false);
    replicas.node('s1a').failure = 'overloaded';
    const failed = await once(replicas, calls, 500, { nodes });
    expect(failed.error).toMatchObject({ code: 'overloaded', message: 's1a' });
    expect(replicas.node('s1b').asked).toBeLessThanOrEqual(64);
    replicas.node('s1a').failure = undefined;
    replicas.node('s1a').hangsUntilMs = Infinity;
    const late = await once(replicas, calls, 500, { nodes });
    expect([late.durationMs, late.error]).toMatchObject([500, { code: 'deadline_exceeded' }]);
  });
});

describe('a failure', () => {
  it.each(['unavailable', 'overloaded'] as const)('%s leads to the other at once', async (code) => {
    replicas.node('s1a').failure = code;
    const { served, durationMs } = await once(replicas, calls, 500, first);
    expect([served?.node, durationMs, calls.counts.retries]).toEqual(['s1b', 2, 1]);
  });

  it('that another replica would share is the caller’s', async () => {
    replicas.node('s1a').failure = 'invalid_field';
    for (let i = 0; i < 4; i++) {
      const { error } = await once(replicas, calls, 500, first);
      expect(error).toMatchObject({ code: 'invalid_field' });
    }
    expect(calls.counts.retries).toBe(0);
    expect(calls.nodeStates().map(({ isEjected }) => isEjected)).toEqual([false, false]);
  });

  it('three times in a row has the node left alone, until a probe succeeds', async () => {
    const node = replicas.node('s1a');
    node.failure = 'unavailable';
    for (let i = 0; i < 3; i++) await once(replicas, calls, 500, first);
    const asked = node.asked;
    for (let i = 0; i < 20; i++) await once(replicas, calls, 500, first);
    expect([node.asked, node.probed, calls.counts.retries]).toEqual([asked, 0, 3]);
    node.failure = undefined;
    await openLoop(replicas, calls, { count: 50, everyMs: 5, wish: () => first });
    expect(node.probed).toBe(1);
    expect(node.asked).toBeGreaterThan(asked);
  });

  it('of most calls is retried only as far as the budget goes', async () => {
    calls = replicas.calls({ retries: new HedgeBudget(0.2, 5) });
    for (const name of ['s1a', 's1b']) replicas.node(name).failure = 'overloaded';
    const ended = await openLoop(replicas, calls, { count: 500, everyMs: 1 });
    expect(ended.every(({ error }) => (error as OmniError).code === 'overloaded')).toBe(true);
    expect(calls.counts.retries).toBeLessThanOrEqual(5 + 0.2 * 500);
    expect(calls.counts.retries).toBeGreaterThan(90);
  });

  it('of a node that cannot be reached is no matter of the budget: it has done nothing', async () => {
    calls = replicas.calls({ retries: new HedgeBudget(0, 0) });
    replicas.node('s1a').failure = 'unavailable';
    const { served } = await once(replicas, calls, 500, first);
    expect([served?.node, calls.counts.retries]).toEqual(['s1b', 1]);
  });

  it('of all is told by the most telling: too much to do before not to be reached', async () => {
    replicas.node('s1a').failure = 'overloaded';
    replicas.node('s1b').failure = 'unavailable';
    for (const prefer of ['s1a', 's1b']) {
      const { error } = await once(replicas, calls, 500, { prefer });
      expect(error).toMatchObject({ code: 'overloaded', message: 's1a' });
    }
  });
});

describe('an attempt’s time', () => {
  it('is a part of the caller’s while another could be asked: what talks and never answers is not dead', async () => {
    calls = replicas.calls({ hedges: new HedgeBudget(0, 0) });
    replicas.heardAtMs = () => replicas.clock.nowMs();
    replicas.node('s1a').hangsUntilMs = Infinity;
    const { served, durationMs } = await once(replicas, calls, 500, first);
    expect(served?.node).toBe('s1b');
    expect(durationMs).toBeCloseTo(427, 6);
  });

  it('that passes before the caller’s is not told as the caller’s', async () => {
    calls = replicas.calls({ hedges: new HedgeBudget(0, 0) });
    replicas.heardAtMs = () => replicas.clock.nowMs();
    replicas.node('s1a').hangsUntilMs = Infinity;
    replicas.node('s1b').failure = 'unavailable';
    const early = await once(replicas, calls, 500, first);
    expect(early.durationMs).toBeCloseTo(425, 6);
    expect(early.error).toMatchObject({ code: 'unavailable' });
    const over = await once(replicas, calls, 0, first);
    expect(over.error).toMatchObject({ code: 'deadline_exceeded' });
  });

  it('is all of it where no retry could follow', async () => {
    calls = replicas.calls({ hedges: new HedgeBudget(0, 0), retries: new HedgeBudget(0, 0) });
    replicas.node('s1a').serviceMs = () => 400;
    replicas.heardAtMs = () => replicas.clock.nowMs();
    const { served, durationMs } = await once(replicas, calls, 500, first);
    expect([served?.node, durationMs]).toEqual(['s1a', 400]);
  });

  it('of callers without patience proves nothing of a node', async () => {
    for (let i = 0; i < 10; i++) await once(replicas, calls, 1, first);
    expect(calls.nodeStates().map(({ isEjected }) => isEjected)).toEqual([false, false]);
  });
});

describe('an answer that is not whole', () => {
  it('serves only where no other replica has more', async () => {
    replicas.node('s1a').isWhole = false;
    const bettered = await once(replicas, calls, 500, first);
    expect([bettered.served?.node, bettered.durationMs]).toEqual(['s1b', 4]);
    replicas.node('s1b').failure = 'unavailable';
    const best = await once(replicas, calls, 500, first);
    expect(best.served).toEqual({ node: 's1a', answer: { from: 's1a', isWhole: false } });
  });

  it('never beats a whole one that is under way', async () => {
    replicas.node('s1a').serviceMs = () => 5;
    replicas.node('s1a').isWhole = false;
    replicas.node('s1b').serviceMs = () => 9;
    const { served, durationMs } = await once(replicas, calls, 500, first);
    // Hedged after 4 ms.
    expect([served?.node, durationMs, calls.counts.retries]).toEqual(['s1b', 13, 0]);
  });

  it('is the earlier of two, unless the caller knows which is better', async () => {
    for (const name of ['s1a', 's1b']) replicas.node(name).isWhole = false;
    const earlier = await once(replicas, calls, 500, first);
    expect([earlier.served?.node, calls.counts.retries]).toEqual(['s1a', 1]);
    const isBetter = (later: SimulatedAnswer): boolean => later.from === 's1b';
    const better = await once(replicas, calls, 500, { ...first, isBetter });
    expect(better.served?.node).toBe('s1b');
  });

  it('is there in time when the other hangs', async () => {
    replicas.node('s1a').isWhole = false;
    replicas.node('s1b').hangsUntilMs = Infinity;
    const { served, durationMs } = await once(replicas, calls, 102, first);
    expect(served?.node).toBe('s1a');
    expect(durationMs).toBeCloseTo(92, 6);
  });

  it('draws no further requests to its node, however fast it comes', async () => {
    const node = replicas.node('s1a');
    node.isWhole = false;
    node.serviceMs = () => 0.1;
    const asked = node.asked;
    await openLoop(replicas, calls, { count: 400, everyMs: 5 });
    expect(node.asked - asked).toBeLessThan(250);
  });
});

describe('the loser', () => {
  it('is stopped, and was slow for at least so long', async () => {
    const node = replicas.node('s1a');
    node.serviceMs = () => 100;
    for (let i = 0; i < 5; i++) await once(replicas, calls, 500, first);
    expect([node.stopped, calls.counts.hedgesWon, calls.counts.hedgesLost]).toEqual([5, 5, 0]);
    const [state] = calls.nodeStates().filter(({ node: name }) => name === 's1a');
    expect(state?.outstanding).toBe(0);
    expect(state?.slowness).toBeGreaterThan(1.5);
  });
});

describe('the caller', () => {
  it('that goes away stops all attempts, and is no failure of their nodes', async () => {
    // Of a new kind: hedged after 50 ms.
    const scan = { ...first, kind: 'scan' };
    for (const name of ['s1a', 's1b']) replicas.node(name).serviceMs = () => 100;
    for (let i = 0; i < 3; i++) {
      const caller = new AbortController();
      const gone = replicas.clock.sleep(60).then(() => caller.abort());
      const { durationMs, error } = await once(replicas, calls, 500, scan, caller.signal);
      await gone;
      expect(durationMs).toBeCloseTo(60, 6);
      expect(error).toMatchObject({ message: expect.stringContaining('went away') as string });
    }
    const [a, b] = [replicas.node('s1a'), replicas.node('s1b')];
    expect([a.stopped, b.stopped, calls.counts.retries]).toEqual([3, 3, 0]);
    expect(calls.nodeStates()).toMatchObject([
      { outstanding: 0, isEjected: false },
      { outstanding: 0, isEjected: false },
    ]);
  });

  it('that was gone before is told so', async () => {
    const { error, durationMs } = await once(replicas, calls, 500, first, AbortSignal.abort());
    expect([durationMs, error]).toMatchObject([0, { code: 'deadline_exceeded' }]);
  });
});

describe('nodes', () => {
  it('that their connection calls silent are not asked while another is there', async () => {
    replicas.node('s1a').isSilent = true;
    const asked = replicas.node('s1a').asked;
    await openLoop(replicas, calls, { count: 50, everyMs: 1, wish: () => first });
    expect(replicas.node('s1a').asked).toBe(asked);
  });

  it('that are gone are forgotten, what is under way at one that hangs is still moved', async () => {
    replicas.node('s1a').hangsUntilMs = Infinity;
    calls = replicas.calls({ hedges: new HedgeBudget(0, 0) });
    const gone = replicas.clock.sleep(10).then(() => calls.keepOnly(['s1b']));
    const { served, durationMs } = await once(replicas, calls, 1_000, first);
    await gone;
    expect([served?.node, durationMs]).toEqual(['s1b', 202]);
    expect(calls.nodeStates().map(({ node }) => node)).toEqual(['s1b']);
  });
});

describe('timers', () => {
  it('are one an attempt at most, and none is left', async () => {
    const random = replicas.random;
    for (const name of ['s1a', 's1b']) {
      replicas.node(name).serviceMs = () => (random() < 0.1 ? 80 : 2);
    }
    for (let i = 0; i < 100; i++) {
      replicas.timers.most = 0;
      const asked = replicas.node('s1a').asked + replicas.node('s1b').asked;
      await once(replicas, calls, 500);
      const attempts = replicas.node('s1a').asked + replicas.node('s1b').asked - asked;
      expect(replicas.timers.most).toBeLessThanOrEqual(attempts);
      expect(replicas.timers.now).toBe(0);
    }
    expect(calls.counts.hedges).toBeGreaterThan(0);
  });

  it('of a process that was held up itself ring after what has come was read', async () => {
    const real = new ReplicaCalls({
      isSilent: () => false,
      heardAtMs: () => 0,
      probe: async () => undefined,
    });
    const ask = async (node: string): Promise<SimulatedAnswer> => {
      await sleep(20);
      return { from: node, isWhole: true };
    };
    const call = real.call(replicas.call({ ask }), Deadline.after(2_000));
    // Longer than until a hedge, in one turn.
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
    expect((await call).answer.isWhole).toBe(true);
    expect(real.counts.hedges).toBe(0);
  });
});
