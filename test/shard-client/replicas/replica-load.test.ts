import { describe, expect, it } from 'vitest';
import { HedgeBudget } from '../../../src/shard-client/replicas/hedge-budget.js';
import { type Ended, openLoop, quantileMs, warm } from './load.js';
import { seeded, SimulatedReplicas } from './simulated-replicas.js';

/** Around two milliseconds. */
function usual(random: () => number): () => number {
  return () => 1.5 + random();
}

/** Two replicas, the second 50 ms slower on 4 of 100 requests. */
function withStutter(): SimulatedReplicas {
  const replicas = new SimulatedReplicas('s1a', 's1b');
  const random = seeded(11);
  replicas.node('s1a').serviceMs = usual(random);
  const base = usual(random);
  replicas.node('s1b').serviceMs = () => base() + (random() < 0.04 ? 50 : 0);
  return replicas;
}

function keys(seed: number): () => { stickyKey: number } {
  const random = seeded(seed);
  return () => ({ stickyKey: Math.floor(random() * 2 ** 32) });
}

describe('a replica that is slow now and then', () => {
  it('costs half the p99 with hedging or less, at 7 of 100 more requests at most', async () => {
    const load = { count: 4_000, everyMs: 1.5, budgetMs: 150, wish: keys(1) };
    const alone = withStutter();
    const without = await openLoop(alone, alone.calls({ hedges: new HedgeBudget(0, 0) }), load);
    const hedging = withStutter();
    const calls = hedging.calls();
    const withHedges = await openLoop(hedging, calls, load);
    expect(quantileMs(without, 0.99)).toBeGreaterThan(50);
    expect(quantileMs(withHedges, 0.99)).toBeLessThanOrEqual(quantileMs(without, 0.99) / 2);
    const asked = hedging.node('s1a').asked + hedging.node('s1b').asked;
    expect(asked).toBeLessThanOrEqual(1.07 * load.count);
    expect(calls.counts.hedges).toBe(asked - load.count);
    expect(calls.counts.hedgesWon).toBeGreaterThan(0.5 * calls.counts.hedges);
    expect(calls.counts.hedgesWon + calls.counts.hedgesLost).toBe(calls.counts.hedges);
  });

  it('gets no more hedges than the budget when all of a sudden everything is slow', async () => {
    const replicas = new SimulatedReplicas('s1a', 's1b');
    const calls = replicas.calls();
    await warm(replicas, calls);
    for (const name of ['s1a', 's1b']) replicas.node(name).serviceMs = () => 20;
    await openLoop(replicas, calls, { count: 1_000, everyMs: 1 });
    expect(calls.counts.hedges).toBeGreaterThan(10);
    expect(calls.counts.hedges).toBeLessThanOrEqual(20 + 0.07 * 1_000);
  });
});

describe('the choice', () => {
  it.each([
    ['drawn', () => () => ({})],
    ['by key', () => keys(2)],
  ])('is even within 10 % between equals, %s', async (_, wish) => {
    const replicas = new SimulatedReplicas('s1a', 's1b');
    const random = seeded(13);
    for (const name of ['s1a', 's1b']) replicas.node(name).serviceMs = usual(random);
    await openLoop(replicas, replicas.calls(), { count: 4_000, everyMs: 0.7, wish: wish() });
    const [a, b] = [replicas.node('s1a').asked, replicas.node('s1b').asked];
    expect(Math.abs(a - b)).toBeLessThan(0.1 * Math.max(a, b));
  });

  it('leaves a replica that is always slow to few, and finds out when it is not any more', async () => {
    const replicas = new SimulatedReplicas('s1a', 's1b');
    const calls = replicas.calls();
    await warm(replicas, calls);
    replicas.node('s1b').serviceMs = () => 20;
    const before = replicas.node('s1b').asked;
    await openLoop(replicas, calls, { count: 2_000, everyMs: 2 });
    expect(replicas.node('s1b').asked - before).toBeLessThan(100);
    replicas.node('s1b').serviceMs = () => 2;
    await openLoop(replicas, calls, { count: 6_000, everyMs: 4 });
    const back = replicas.node('s1b').asked;
    await openLoop(replicas, calls, { count: 1_000, everyMs: 2 });
    expect(replicas.node('s1b').asked - back).toBeGreaterThan(400);
  });
});

describe('a node that hangs', () => {
  it('costs no call more than the time to tell, is left alone, and comes back by a probe', async () => {
    const replicas = new SimulatedReplicas('s1a', 's1b');
    const calls = replicas.calls();
    await warm(replicas, calls);
    const node = replicas.node('s1b');
    const from = replicas.clock.nowMs();
    node.hangsUntilMs = from + 2_500;
    const during = await openLoop(replicas, calls, { count: 2_500, everyMs: 1, wish: keys(3) });
    expect(during.every(({ served }) => served?.answer.from === 's1a')).toBe(true);
    // 30 ms until it counts as hung, and 2 ms for the answer of the other.
    expect(Math.max(...during.map(({ durationMs }) => durationMs))).toBeLessThanOrEqual(32.001);
    const late = during.filter(({ startedAtMs }) => startedAtMs > from + 100);
    expect(Math.max(...late.map(({ durationMs }) => durationMs))).toBe(2);
    // Far fewer than the budget has, since what waited for it in vain adds up; and two probes of a second each.
    expect(calls.counts.hedges).toBeLessThan(12);
    expect(node.probed).toBe(2);
    const asked = node.asked;
    const after = await openLoop(replicas, calls, { count: 300, everyMs: 5, wish: keys(4) });
    expect(calls.nodeStates().map(({ isEjected }) => isEjected)).toEqual([false, false]);
    expect(node.asked - asked).toBeGreaterThan(100);
    expect(quantileMs(after, 1)).toBe(2);
  });

  it('moves all that waits for it at once, however many hedges are left', async () => {
    const replicas = new SimulatedReplicas('s1a', 's1b');
    const calls = replicas.calls({ hedges: new HedgeBudget(0, 0) });
    await warm(replicas, calls);
    replicas.node('s1b').hangsUntilMs = Infinity;
    const prefer = (): { prefer: string } => ({ prefer: 's1b' });
    const fromMs = replicas.clock.nowMs();
    const ended = await openLoop(replicas, calls, { count: 200, everyMs: 0.1, wish: prefer });
    expect(calls.counts).toMatchObject({ moves: 200, hedges: 0, retries: 0 });
    const endsAtMs = ({ startedAtMs, durationMs }: Ended): number =>
      startedAtMs + durationMs - fromMs;
    for (const call of ended) expect(endsAtMs(call)).toBeCloseTo(32, 6);
    // Whom nobody waits for any more is told so.
    expect(replicas.node('s1b').stopped).toBe(200);
  });

  it('has one other asked in its place, not a further one as a hedge', async () => {
    const replicas = new SimulatedReplicas('s1a', 's1b', 's1c');
    const calls = replicas.calls({ hedges: new HedgeBudget(1, 500) });
    await warm(replicas, calls);
    const others = (): number => replicas.node('s1b').asked + replicas.node('s1c').asked;
    const before = others();
    replicas.node('s1a').hangsUntilMs = Infinity;
    const prefer = (): { prefer: string } => ({ prefer: 's1a' });
    await openLoop(replicas, calls, { count: 200, everyMs: 0.5, wish: prefer });
    expect(calls.counts.moves).toBeGreaterThan(5);
    expect(others() - before).toBe(200);
  });

  it('beside others that all hang leaves their callers their own deadline', async () => {
    const replicas = new SimulatedReplicas('s1a', 's1b', 's1c');
    const calls = replicas.calls();
    await warm(replicas, calls);
    for (const name of ['s1a', 's1b', 's1c']) replicas.node(name).hangsUntilMs = Infinity;
    const ended = await openLoop(replicas, calls, { count: 50, everyMs: 20, budgetMs: 400 });
    for (const { durationMs, error } of ended) {
      expect(durationMs).toBeCloseTo(400, 6);
      expect(error).toMatchObject({ code: 'deadline_exceeded' });
    }
    expect(calls.nodeStates().every(({ outstanding }) => outstanding === 0)).toBe(true);
  });
});
