import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HeldLease } from '../../src/cluster/held-lease.js';
import { LEASE_KIND, QUERY_NODE } from '../../src/cluster/lease.js';
import { LeaseObserver } from '../../src/cluster/lease-observer.js';
import { Membership } from '../../src/cluster/membership.js';
import { createLogger } from '../../src/core/logger.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const LEASE_MS = 3_000;
const SAYS = { zone: undefined, version: '1', serves: 'all' } as const;
const BEAT_MS = LEASE_MS / 3;
const LOOK_MS = LEASE_MS / 10;

class Cluster {
  readonly records = new MemoryRecords();
  readonly clock = { ms: 0 };
  readonly observer = new LeaseObserver(this.records, LEASE_MS, () => this.clock.ms);
  private readonly beating = new Map<string, { held: HeldLease; dueMs: number }>();
  /** Beats reach the store, and looks do. */
  isStoreUp = true;

  join(name: string): void {
    const says = { role: QUERY_NODE, address: `${name}:80`, ...SAYS };
    this.beating.set(name, { held: new HeldLease(this.records, says), dueMs: this.clock.ms });
  }

  /** As by kill -9. */
  kill(name: string): void {
    this.beating.delete(name);
  }

  async leave(name: string): Promise<void> {
    await this.beating.get(name)?.held.release();
    this.kill(name);
  }

  /** Nodes beat, and the observer looks, for so long. */
  async run(ms: number): Promise<void> {
    for (const endsMs = this.clock.ms + ms; this.clock.ms < endsMs; this.clock.ms += LOOK_MS) {
      for (const node of this.beating.values()) {
        if (node.dueMs > this.clock.ms) continue;
        if (this.isStoreUp) await node.held.beat(0);
        node.dueMs += BEAT_MS;
      }
      if (this.isStoreUp) await this.observer.look();
    }
  }

  alive(): string[] {
    const leases = this.observer.leases(QUERY_NODE).filter(({ isAlive }) => isAlive);
    return leases.map(({ lease }) => lease.address.replace(':80', '')).sort();
  }
}

describe('an observer of leases', () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = new Cluster();
    for (const name of ['a', 'b', 'c']) {
      cluster.join(name);
      await cluster.run(LOOK_MS);
    }
  });

  test('counts a node as dead when it saw no change for LEASE_MS, not sooner', async () => {
    await cluster.run(10 * LEASE_MS);
    expect(cluster.alive()).toEqual(['a', 'b', 'c']);
    cluster.kill('b');
    await cluster.run(LEASE_MS - BEAT_MS - LOOK_MS);
    expect(cluster.alive()).toEqual(['a', 'b', 'c']);
    await cluster.run(BEAT_MS + 2 * LOOK_MS);
    expect(cluster.alive()).toEqual(['a', 'c']);
    cluster.join('b');
    await cluster.run(LOOK_MS);
    expect(cluster.alive()).toEqual(['a', 'b', 'c']);
  });

  test('counts one as gone at its next look that gave back its lease', async () => {
    await cluster.leave('b');
    await cluster.run(LOOK_MS);
    expect(cluster.alive()).toEqual(['a', 'c']);
  });

  test('looks at no wall clock: one that jumps changes nothing', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    for (const at of ['1970-01-01', '2100-01-01', '2026-01-01']) {
      vi.setSystemTime(new Date(at));
      await cluster.run(LEASE_MS);
      expect(cluster.alive()).toEqual(['a', 'b', 'c']);
    }
  });
  afterEach(() => vi.useRealTimers());

  test('kills nobody for the time in which nobody could beat', async () => {
    cluster.kill('c');
    await cluster.run(LEASE_MS + LOOK_MS);
    expect([cluster.alive(), cluster.observer.isStill]).toEqual([['a', 'b'], false]);
    cluster.isStoreUp = false;
    await cluster.run(5 * LEASE_MS);
    expect([cluster.alive(), cluster.observer.isStill]).toEqual([['a', 'b'], true]);
    cluster.isStoreUp = true;
    // The first of them beats before the other does.
    for (let ms = 0; ms < 2 * LEASE_MS; ms += LOOK_MS) {
      await cluster.run(LOOK_MS);
      if (!cluster.observer.isStill) expect(cluster.alive()).toEqual(['a', 'b']);
    }
    cluster.kill('b');
    await cluster.run(LEASE_MS + LOOK_MS);
    expect(cluster.alive()).toEqual(['a']);
  });

  test('takes a form that it does not know for nobody', async () => {
    await cluster.records.put(LEASE_KIND, 'x', { role: QUERY_NODE, address: 'a b;:80' }, 0);
    await cluster.records.put(LEASE_KIND, 'y', { role: QUERY_NODE }, 0);
    await cluster.run(LOOK_MS);
    expect(cluster.alive()).toEqual(['a', 'b', 'c']);
  });
});

describe('a query node among others', () => {
  const logger = createLogger('silent', 'test');
  const clock = { ms: 0 };
  let records: MemoryRecords;
  beforeEach(() => {
    records = new MemoryRecords();
    clock.ms = 0;
  });

  function node(isReady = () => true): Membership {
    const observer = new LeaseObserver(records, LEASE_MS, () => clock.ms);
    const parts = { records, observer, says: SAYS, isReady, leaseMs: LEASE_MS, logger };
    return new Membership({ ...parts, load: () => 0.5 });
  }

  const addresses = (member: Membership): string[] =>
    member
      .queryNodes()
      .map(({ lease, isAlive }) => `${lease.address} ${isAlive ? 'alive' : 'dead'}`);

  test('shows nothing before it is ready, then as long as it lives', async () => {
    let ready = false;
    const one = node(() => ready);
    one.start('a:80');
    await one.tick();
    expect(addresses(one)).toEqual([]);
    ready = true;
    await one.tick();
    ready = false;
    clock.ms = 2 * LEASE_MS;
    await one.tick();
    expect(addresses(one)).toEqual(['a:80 alive']);
    await one.close();
    expect(await records.list(LEASE_KIND)).toEqual([]);
  });

  test('forgets a dead one after ten leases, and at once where another took its address', async () => {
    const [one, dead, moved] = [node(), node(), node()];
    for (const [member, address] of [
      [one, 'a:80'],
      [dead, 'b:80'],
      [moved, 'c:80'],
    ] as const) {
      member.start(address);
      await member.tick();
      if (member !== one) void stopBeating(member);
    }
    const next = node();
    next.start('c:80');
    for (; clock.ms <= LEASE_MS; clock.ms += BEAT_MS) {
      await next.tick();
      await one.tick();
    }
    expect(addresses(one).sort()).toEqual(['a:80 alive', 'b:80 dead', 'c:80 alive']);
    for (; clock.ms <= 11 * LEASE_MS; clock.ms += BEAT_MS) {
      await next.tick();
      await one.tick();
    }
    expect(addresses(one).sort()).toEqual(['a:80 alive', 'c:80 alive']);
    await one.close();
    await next.close();
  });

  /** As by kill -9: nothing more of it, and no lease given back. */
  async function stopBeating(member: Membership): Promise<void> {
    vi.spyOn(member, 'tick').mockResolvedValue();
  }

  test('tells of a store that it cannot reach, and stops in time all the same', async () => {
    const one = node();
    one.start('a:80');
    await one.tick();
    vi.spyOn(records, 'put').mockRejectedValue(new Error('away'));
    await one.tick();
    expect(addresses(one)).toEqual(['a:80 alive']);
    vi.restoreAllMocks();
    await one.tick();
    await one.tick();
    expect(await records.list(LEASE_KIND)).toHaveLength(1);
    await one.close();
    expect(await records.list(LEASE_KIND)).toEqual([]);
  });
});
