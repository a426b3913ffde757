import { beforeEach, describe, expect, test } from 'vitest';
import { Balancer } from '../../src/balancer/balancer.js';
import { ServerAddresses } from '../../src/balancer/server-addresses.js';
import { HeldLease } from '../../src/cluster/held-lease.js';
import { QUERY_NODE, type Serves } from '../../src/cluster/lease.js';
import { LeaseObserver } from '../../src/cluster/lease-observer.js';
import { createLogger } from '../../src/core/logger.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

const LEASE_MS = 3_000;
const LOOK_MS = 300;

describe('a balancer', () => {
  let records: MemoryRecords;
  let balancer: Balancer;
  let servers: readonly string[];
  let isStoreUp: boolean;
  let fails: boolean;
  const clock = { ms: 0 };
  const beating = new Map<string, HeldLease>();
  beforeEach(() => {
    records = new MemoryRecords();
    servers = [];
    isStoreUp = true;
    fails = false;
    beating.clear();
    const observer = new LeaseObserver(
      {
        get: (...asked) => records.get(...asked),
        ids: (...asked) => records.ids(...asked),
        list: (...asked) =>
          isStoreUp ? records.list(...asked) : Promise.reject(new Error('away')),
      },
      LEASE_MS,
      () => clock.ms,
    );
    const setServers = async (addresses: readonly string[]): Promise<void> => {
      if (fails) throw new Error('no');
      servers = addresses;
    };
    const logger = createLogger('silent', 'test');
    balancer = new Balancer({ observer, leaseMs: LEASE_MS, program: { setServers }, logger });
  });

  function join(address: string, serves: Serves = 'all'): void {
    const says = { role: QUERY_NODE, address, zone: undefined, version: '1', serves };
    beating.set(address, new HeldLease(records, says));
  }

  async function run(ms: number): Promise<void> {
    for (const endsMs = clock.ms + ms; clock.ms < endsMs; clock.ms += LOOK_MS) {
      if (isStoreUp) for (const held of beating.values()) await held.beat(0);
      await balancer.look();
    }
  }

  test('has requests go to who lives, and to those known last when nobody does', async () => {
    await run(LOOK_MS);
    expect(servers).toEqual([]);
    join('10.0.0.1:80');
    join('10.0.0.2:80');
    await run(LOOK_MS);
    expect(servers).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    beating.delete('10.0.0.1:80');
    await run(2 * LEASE_MS);
    expect(servers).toEqual(['10.0.0.2:80']);
    beating.clear();
    await run(5 * LEASE_MS);
    expect(servers).toEqual(['10.0.0.2:80']);
    join('10.0.0.3:80');
    await run(LOOK_MS);
    // Whether it was dead or the store away is not known yet: it gets the time of a lease to beat.
    expect(servers).toEqual(['10.0.0.2:80', '10.0.0.3:80']);
    await run(LEASE_MS);
    expect(servers).toEqual(['10.0.0.3:80']);
  });

  test('has no requests go to who only writes', async () => {
    join('10.0.0.1:80', 'read');
    join('10.0.0.2:80', 'write');
    join('10.0.0.3:80', 'all');
    await run(LEASE_MS);
    expect(servers).toEqual(['10.0.0.1:80', '10.0.0.3:80']);
  });

  test('takes nobody out while the store is away, nor right after', async () => {
    join('10.0.0.1:80');
    join('10.0.0.2:80');
    await run(LEASE_MS);
    isStoreUp = false;
    await run(5 * LEASE_MS);
    expect(servers).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    isStoreUp = true;
    const second = beating.get('10.0.0.2:80');
    beating.delete('10.0.0.2:80');
    await run(LEASE_MS / 3);
    expect(servers).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    if (second !== undefined) beating.set('10.0.0.2:80', second);
    await run(LEASE_MS);
    expect(servers).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
  });

  test('takes out at once who gives back its lease, also while nobody else beats', async () => {
    join('10.0.0.1:80');
    join('10.0.0.2:80');
    await run(LOOK_MS);
    const leaving = beating.get('10.0.0.1:80');
    beating.clear();
    await run(LEASE_MS);
    await leaving?.release();
    await run(LOOK_MS);
    expect(servers).toEqual(['10.0.0.2:80']);
  });

  test('tries again what the program did not take', async () => {
    join('10.0.0.1:80');
    fails = true;
    await run(LEASE_MS);
    expect(servers).toEqual([]);
    fails = false;
    await run(LOOK_MS);
    expect(servers).toEqual(['10.0.0.1:80']);
  });
});

test('names become addresses; what nobody knows is left out, and said', async () => {
  const problems: string[] = [];
  const addresses = new ServerAddresses((line) => problems.push(line));
  const asked = ['[::1]:80', '10.0.0.1:80', 'localhost:81', 'no-such-node.invalid:80'];
  const found = await addresses.resolve(asked);
  expect(found.filter((address) => !address.endsWith(':81'))).toEqual(['10.0.0.1:80', '[::1]:80']);
  expect(found.find((address) => address.endsWith(':81'))).toMatch(/^(127\.0\.0\.1|\[::1\]):81$/);
  expect(problems).toEqual([expect.stringMatching(/^no-such-node\.invalid is not known: /)]);
});
