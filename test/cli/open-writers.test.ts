import { expect, test } from 'vitest';
import { openWriters as open } from '../../src/cli/open-writers.js';
import type { ObservedLease } from '../../src/cluster/lease-observer.js';
import type { Serves } from '../../src/cluster/lease.js';

type Sources = Parameters<typeof open>[0];

const STOPPING = new AbortController().signal;
const openWriters = (sources: Sources) => open(sources, STOPPING, 0);

/** Writes what it is told into `told`. */
function sources(more: Partial<Sources>, told: string[] = []): Sources {
  return {
    config: { serve: 'read', writeUrl: undefined },
    members: undefined,
    tenants: {
      expire: (tenant) => void told.push(`tenant ${tenant}`),
      expireAll: () => void told.push('tenants'),
    },
    aliases: { expireAll: () => void told.push('aliases') },
    collections: { expireAll: () => void told.push('collections') },
    keyDirectory: { expireAll: () => void told.push('keys') },
    plans: { expireAll: () => void told.push('plans') },
    priceLists: { expireAll: () => void told.push('price lists') },
    books: { forget: (tenant) => void told.push(`rules ${tenant}`) },
    placements: {
      refresh: async (tenant) => {
        told.push(`placement ${tenant}`);
        throw new Error('the store is away');
      },
    },
    ...more,
  };
}

const placesOf = async (writeUrl: string) =>
  (await openWriters(sources({ config: { serve: 'read', writeUrl } })))?.places();

function seen(address: string, serves: Serves, isAlive = true): ObservedLease {
  const says = { zone: undefined, load: 0, version: '1' };
  const lease = { ...says, node: address, role: 'query-node', address, serves };
  return { lease, revision: 1, silentMs: 0, isAlive };
}

test('who writes itself forwards nothing', async () => {
  for (const serve of ['all', 'write'] as const) {
    const config = { serve, writeUrl: 'http://a' };
    expect(await openWriters(sources({ config }))).toBeUndefined();
  }
});

test('WRITE_URL names an address, or a socket', async () => {
  expect(await placesOf('http://10.0.0.1:8080')).toEqual([{ host: '10.0.0.1', port: 8080 }]);
  expect(await placesOf('http://[::1]:8080/')).toEqual([{ host: '::1', port: 8080 }]);
  expect(await placesOf('http://writer')).toEqual([{ host: 'writer', port: 80 }]);
  expect(await placesOf('unix:/run/writer.sock')).toEqual([{ path: '/run/writer.sock' }]);
  for (const wrong of ['http://writer:0', 'http://writer:99999']) {
    await expect(placesOf(wrong)).rejects.toThrow('WRITE_URL must be http://HOST:PORT');
  }
});

test('without it leases tell: those that do nothing else first, each in its turn, none that is dead', async () => {
  const leases = [
    seen('10.0.0.1:80', 'all'),
    seen('10.0.0.2:80', 'read'),
    seen('10.0.0.3:80', 'write'),
    seen('10.0.0.4:80', 'write', false),
    seen('10.0.0.5:80', 'write'),
  ];
  const writers = await openWriters(sources({ members: { queryNodes: () => leases } }));
  const asked = [1, 2, 3, 4].map(() => writers?.places());
  const hosts = asked.map((places) => places?.map((place) => 'host' in place && place.host));
  expect(hosts.map((all) => [...(all ?? [])].sort())).toEqual(
    hosts.map(() => ['10.0.0.1', '10.0.0.3', '10.0.0.5']),
  );
  expect(hosts.map((all) => all?.at(-1))).toEqual(hosts.map(() => '10.0.0.1'));
  expect(new Set(hosts.map((all) => all?.[0]))).toEqual(new Set(['10.0.0.3', '10.0.0.5']));
  leases.length = 0;
  expect(writers?.places()).toEqual([]);
});

test('with neither it cannot start', async () => {
  await expect(openWriters(sources({}))).rejects.toThrow('SERVE read needs WRITE_URL');
});

test('after a write this node asks the store again, whether or not that answers', async () => {
  const told: string[] = [];
  const writers = await openWriters(
    sources({ config: { serve: 'read', writeUrl: 'unix:/w' } }, told),
  );
  await writers?.written(['shop'], '/products/:id');
  expect(told).toEqual(['tenant shop', 'placement shop']);
  await writers?.written(['shop'], '/rules/:id');
  const all = ['tenants', 'aliases', 'collections', 'keys', 'plans', 'price lists'];
  expect(told.slice(2)).toEqual([...all, 'rules shop', 'placement shop']);
});
