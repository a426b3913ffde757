import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, failed, type Verdict } from '../../src/capacity/autoscale/decide.js';
import { readPolicy, type Policy, type Role } from '../../src/capacity/autoscale/policy.js';
import { NO_STATE, type RoleSample, type RoleState } from '../../src/capacity/autoscale/sample.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A Wednesday. */
const BEGIN_MS = Date.UTC(2026, 10, 25, 12);
const FILE = {
  query_nodes: { min: 1, max: 10 },
  workers: { min: 1, max: 20 },
  shard_nodes: { min: 2, max: 5 },
};

/** What is looked at every minute. */
class Looks {
  private state: RoleState = NO_STATE;
  private nowMs = BEGIN_MS;
  private readonly policy: Policy;

  constructor(
    file: object = FILE,
    private readonly role: Role = 'query_nodes',
  ) {
    this.policy = readPolicy({ ...FILE, ...file }) as Policy;
  }

  look(running: number | undefined, sample: Partial<RoleSample>, forMs = MINUTE_MS): Verdict {
    this.nowMs += forMs;
    const { role, state, nowMs } = this;
    const all = { running, heard: running ?? 0, ...sample };
    const verdict = decide(this.policy, { role, sample: all, state, nowMs });
    this.state = verdict.state;
    return verdict;
  }

  /** The same for so long, without a change. */
  wait(minutes: number, running: number, sample: Partial<RoleSample>): void {
    for (let i = 0; i < minutes; i++) expect(this.look(running, sample).to).toBe(running);
  }

  fail(): void {
    this.state = failed(this.state);
  }
}

describe('query nodes', () => {
  test('searches a second, and how busy each is, say how many are needed', () => {
    const verdict = new Looks().look(2, { qps: 400, cpu: 0.5 });
    expect(verdict).toMatchObject({ from: 2, to: 3 });
    expect(verdict.reason).toBe('400 searches a second, 150 a node');
    expect(new Looks().look(2, { qps: 200, cpu: 0.9 })).toMatchObject({ to: 3 });
    expect(new Looks().look(5, { qps: 200, cpu: 0.9, memory: 0.1 })).toMatchObject({ to: 7 });
    expect(new Looks().look(2, { qps: 200, cpu: 0.5, memory: 0.85 })).toMatchObject({ to: 3 });
  });

  test('fewer only once all would have been enough for all of the cool-down', () => {
    const looks = new Looks();
    looks.wait(10, 4, { qps: 550, cpu: 0.6 });
    looks.wait(10, 4, { qps: 150, cpu: 0.15 });
    expect(looks.look(4, { qps: 150, cpu: 0.15 })).toMatchObject({ from: 4, to: 2 });
  });

  test('low searches take none away that are busy with something else', () => {
    const looks = new Looks();
    looks.wait(30, 4, { qps: 20, cpu: 0.75 });
  });

  test('of one machine whose memory is full nothing more is asked for, but the floor', () => {
    const full = { isOneMachine: true, memory: 0.9, cpu: 1, qps: 900 };
    expect(new Looks().look(2, full)).toMatchObject({ from: 2, to: 2 });
    expect(new Looks({ query_nodes: { min: 3, max: 9 } }).look(2, full).to).toBe(3);
  });

  test('a change that was begun is waited for; what does not come is asked for again, and never less of it', () => {
    const looks = new Looks();
    expect(looks.look(1, { qps: 700, cpu: 1 })).toMatchObject({ from: 1, to: 5 });
    for (let i = 0; i < 4; i++) {
      expect(looks.look(1, { qps: 700, cpu: 1 })).toMatchObject({ from: 5, to: 5 });
    }
    expect(looks.look(1, { qps: 300, cpu: 1 })).toMatchObject({ from: 1, to: 5 });
  });

  test('what failed is tried again after the cool-down', () => {
    const looks = new Looks({ cool_down_s: { up: 120, down: 600 } });
    expect(looks.look(1, { qps: 400 })).toMatchObject({ from: 1, to: 3 });
    looks.fail();
    const held = looks.look(1, { qps: 400 });
    expect(held).toMatchObject({ from: 1, to: 1 });
    expect(held.reason).toContain('cooling down for 60 s more; would be 3');
    expect(looks.look(1, { qps: 400 })).toMatchObject({ from: 1, to: 3 });
  });

  test('what was missed soon after it was taken away is not taken away again', () => {
    const looks = new Looks();
    looks.wait(10, 4, { qps: 150, cpu: 0.1 });
    expect(looks.look(4, { qps: 150, cpu: 0.1 }).to).toBe(2);
    looks.look(2, { qps: 400, cpu: 0.9 });
    const { to = 0 } = looks.look(2, { qps: 590, cpu: 0.9 });
    expect(to).toBeGreaterThanOrEqual(4);
    looks.look(to, { qps: 150, cpu: 0.1 }, 20 * MINUTE_MS);
    for (let i = 0; i < 11; i++) looks.look(to, { qps: 150, cpu: 0.1 });
    const { reason, to: after } = looks.look(4, { qps: 150, cpu: 0.1, counted: 4 });
    expect(after).toBe(4);
    expect(reason).toContain('fewer than 4 were too few');
  });
});

describe('dead sources', () => {
  test('while nobody says how many run, or how they do, none is taken away', () => {
    const looks = new Looks({ query_nodes: { min: 1, max: 3 } });
    looks.wait(20, 3, { qps: 30, cpu: 0.05, heard: 2 });
    expect(looks.look(undefined, {})).toMatchObject({ from: undefined, to: undefined });
    looks.wait(20, 3, { heard: 0 });
    // Also not for a bound that was lowered.
    looks.wait(20, 6, { heard: 0 });
  });

  test('what is heard of some is enough for more', () => {
    expect(new Looks().look(3, { heard: 1, cpu: 0.95 }).to).toBe(5);
  });
});

describe('those that fall silent', () => {
  test('are not ended by an order for more than are heard of', () => {
    const looks = new Looks({ query_nodes: { min: 2, max: 20 } });
    looks.wait(3, 10, { qps: 900, cpu: 0.6 });
    // Four loops stall under too much work: they work on, and what is asked for is more than there are.
    const stalled = looks.look(6, { qps: 540, cpu: 0.95 });
    expect(stalled).toMatchObject({ from: 10, to: 14 });
    const none = new Looks({ query_nodes: { min: 2, max: 20 } });
    none.wait(3, 10, { qps: 900, cpu: 0.6 });
    for (let i = 0; i < 300; i++) expect(none.look(0, {})).toMatchObject({ from: 10, to: 10 });
  });

  test('of what was ordered and is not heard nothing is taken away, however long ago that was', () => {
    const looks = new Looks();
    expect(looks.look(2, { qps: 800, cpu: 0.7 }).to).toBe(6);
    looks.look(4, { qps: 100, cpu: 0.1 }, 9 * HOUR_MS);
    looks.wait(20, 4, { qps: 100, cpu: 0.1 });
    expect(looks.look(4, { qps: 100, cpu: 0.1 }).reason).toContain('4 of 6 say how they do');
    // It is asked for again, and not for fewer, once more are needed than there are.
    expect(looks.look(4, { qps: 610, cpu: 0.7 }, HOUR_MS)).toMatchObject({ from: 4, to: 6 });
  });

  test('who starts them says how many there are: of those is none ordered away, and more than those', () => {
    const looks = new Looks();
    const stalled = looks.look(6, { counted: 10, qps: 540, cpu: 0.95 });
    expect(stalled).toMatchObject({ from: 10, to: 10 });
    expect(looks.look(0, { counted: 10 })).toMatchObject({ from: 10, to: 10 });
    // Some are of elsewhere: the group has three.
    looks.wait(20, 5, { counted: 3, qps: 450, cpu: 0.1 });
    // The last order was for fewer, and somebody made it more.
    const raised = new Looks();
    raised.wait(10, 4, { counted: 4, qps: 50, cpu: 0.1 });
    expect(raised.look(4, { counted: 4, qps: 50, cpu: 0.1 }).to).toBe(1);
    expect(raised.look(1, { counted: 8, qps: 600, cpu: 0.95 }).to).toBe(1);
  });
});

describe('workers and shard nodes', () => {
  test('workers go by the jobs that wait', () => {
    const looks = new Looks(FILE, 'workers');
    expect(looks.look(2, { queue: 150 })).toMatchObject({ from: 2, to: 3 });
    expect(looks.look(3, { queue: 900 })).toMatchObject({ from: 3, to: 6 });
    looks.wait(10, 6, { queue: 50 });
    looks.wait(10, 6, { queue: 5 });
    expect(looks.look(6, { queue: 5 })).toMatchObject({ from: 6, to: 5 });
  });

  test('a shard node more where nothing else helps, and never one less', () => {
    const looks = new Looks(FILE, 'shard_nodes');
    looks.wait(30, 3, { isFull: false, memory: 0.1 });
    expect(looks.look(3, { isFull: true, memory: 0.85 })).toMatchObject({
      ...{ from: 3, to: 4 },
      reason: 'no shard node can take more, the fullest 85 %',
    });
    const silent = { isFull: true, memory: 0.85, heard: 1 };
    expect(new Looks(FILE, 'shard_nodes').look(1, { ...silent, counted: 4 })).toMatchObject({
      ...{ from: 4, to: 4 },
    });
  });
});

describe('schedules', () => {
  const schedule = [
    { min: 8, from: 'Friday 00:00', until: 'Monday 00:00', time_zone: 'Europe/Berlin' },
  ];

  test('from Friday 00:00 there are as many as it says, where the shop is, until it ends', () => {
    const looks = new Looks({ schedule });
    const quiet = { qps: 10, cpu: 0.02 };
    // Wednesday noon to Thursday 23:59 in Berlin, an hour before midnight in UTC.
    expect(looks.look(1, quiet, 34 * HOUR_MS + 59 * MINUTE_MS)).toMatchObject({ to: 1, floor: 1 });
    const begun = looks.look(1, quiet);
    expect(begun).toMatchObject({ from: 1, to: 8, floor: 8 });
    expect(begun.reason).toBe('scheduled: at least 8 from Friday 00:00 until Monday 00:00');
    looks.wait(60, 8, quiet);
    looks.look(8, quiet, 71 * HOUR_MS - 2 * MINUTE_MS);
    for (let i = 0; i < 12; i++) looks.look(8, quiet);
    expect(looks.look(8, quiet).floor).toBe(1);
  });
});

test('whatever is looked at: within bounds, at most 6 changes an hour, the same for the same, none taken from the unheard, nor by an order for more', () => {
  const sample = fc.record({
    running: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 10 }),
    unheard: fc.integer({ min: 0, max: 1 }),
    silent: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    cpu: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    qps: fc.option(fc.double({ min: 0, max: 3_000, noNaN: true }), { nil: undefined }),
    forMs: fc.constantFrom(MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 120 }), (samples) => {
      const policy = readPolicy(FILE) as Policy;
      let [state, nowMs] = [NO_STATE, BEGIN_MS];
      const changesAtMs: number[] = [];
      let ordered = 0;
      for (const { running, unheard, silent, cpu, qps, forMs } of samples) {
        nowMs += forMs;
        const heard = Math.max(0, (running ?? 0) - unheard);
        const counted = silent === undefined ? undefined : (running ?? 0) + silent;
        const now = {
          role: 'query_nodes',
          sample: { running, heard, counted, cpu, qps },
          state,
          nowMs,
        } as const;
        const verdict = decide(policy, now);
        expect(decide(policy, now)).toEqual(verdict);
        const { from, to } = verdict;
        state = verdict.state;
        if (from === undefined || to === undefined || from === to) continue;
        changesAtMs.push(nowMs);
        expect(to).toBeGreaterThanOrEqual(1);
        expect(to).toBeLessThanOrEqual(10);
        if (to < from) expect(heard).toBe(running);
        // An order for more ends nobody, of those that are counted, else that were ordered.
        else if (counted === undefined) expect(to).toBeGreaterThanOrEqual(ordered);
        else expect(to).toBeGreaterThan(counted);
        ordered = to;
      }
      for (const atMs of changesAtMs) {
        const within = changesAtMs.filter((each) => each <= atMs && each > atMs - HOUR_MS);
        expect(within.length).toBeLessThanOrEqual(6);
      }
    }),
  );
});
