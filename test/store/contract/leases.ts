import { describe, expect, it } from 'vitest';
import { HeldLease } from '../../../src/cluster/held-lease.js';
import { LEASE_KIND, QUERY_NODE } from '../../../src/cluster/lease.js';
import { LeaseObserver } from '../../../src/cluster/lease-observer.js';
import type { UseFixture } from './fixture.js';

const LEASE_MS = 3_000;

/** Who lives: records that are changed again and again by those who write, and seen by those who only read. */
export function leasesContract(use: UseFixture): void {
  describe('leases', () => {
    const says = (address: string) => ({
      ...{ role: QUERY_NODE, address, zone: 'z1', version: '1.0.0', serves: 'write' as const },
    });

    it('are held by writers, and timed by a reader by its own clock', async () => {
      const { store, openReader, secondWriter } = use();
      const [a, b] = [
        new HeldLease(store.records, says('10.0.0.1:8080')),
        new HeldLease((await secondWriter()).records, says('10.0.0.2:8080')),
      ];
      const clock = { ms: 0 };
      const observer = new LeaseObserver((await openReader()).records, LEASE_MS, () => clock.ms);
      const alive = async (): Promise<string[]> => {
        await observer.look();
        const leases = observer.leases(QUERY_NODE).filter(({ isAlive }) => isAlive);
        return leases.map(({ lease }) => lease.address).sort();
      };
      expect(await alive()).toEqual([]);
      await a.beat(0.25);
      await b.beat(0);
      expect(await alive()).toEqual(['10.0.0.1:8080', '10.0.0.2:8080']);
      const [first] = observer.leases(QUERY_NODE).filter(({ lease }) => lease.node === a.node);
      expect(first?.lease).toEqual({ ...says('10.0.0.1:8080'), node: a.node, load: 0.25 });
      for (; clock.ms < LEASE_MS; clock.ms += 1_000) {
        expect(await alive()).toEqual(['10.0.0.1:8080', '10.0.0.2:8080']);
        await a.beat(0);
      }
      expect(await alive()).toEqual(['10.0.0.1:8080']);
      await a.release();
      expect(await alive()).toEqual([]);
      // Given back, not merely dead.
      expect(observer.leases(QUERY_NODE).map(({ lease }) => lease.node)).toEqual([b.node]);
    });

    it('are made again where somebody has removed them', async () => {
      const { store } = use();
      const held = new HeldLease(store.records, says('10.0.0.1:8080'));
      for (let i = 0; i < 3; i++) await held.beat(0);
      expect(await store.records.remove(LEASE_KIND, held.node, 3)).toBe(true);
      // Its counter is another than it thinks: the one after that stands again.
      await held.beat(0);
      await held.beat(0);
      expect(await store.records.get(LEASE_KIND, held.node)).toMatchObject({ revision: 1 });
      await held.release();
      await held.release();
      expect(await store.records.list(LEASE_KIND, undefined, 10)).toEqual([]);
    });
  });
}
