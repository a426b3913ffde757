import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import {
  checkAdvertised,
  openMembership,
  queryNodeAddress,
} from '../../src/cli/open-membership.js';
import { loadConfig } from '../../src/config/load.js';
import { hostPortOf } from '../../src/core/host-port.js';
import { createLogger } from '../../src/core/logger.js';
import { makeLmdbStore } from '../store/lmdb-fixture.js';

test('a store of one machine is asked for no leases unless an address is advertised', async () => {
  const { store, close } = await makeLmdbStore();
  const logger = createLogger('silent', 'test');
  const opened = (argv: string[]) =>
    openMembership(
      loadConfig({ verb: 'query-node', argv, env: {} }).config,
      store,
      logger,
      () => true,
    );
  expect(opened([])).toBeUndefined();
  expect(opened(['--advertise', 'query-1:8080'])).toBeDefined();
  await close();
});

test('a query node is found where it listens, unless told otherwise', () => {
  const at = (host: string, advertise?: string) => queryNodeAddress({ host, advertise }, 8101);
  expect(at('127.0.0.1')).toBe('127.0.0.1:8101');
  expect(at('query-1')).toBe('query-1:8101');
  expect(at('::1')).toBe('[::1]:8101');
  expect(at('0.0.0.0', 'query-1:80')).toBe('query-1:80');
  expect(at('0.0.0.0', 'query-1:0')).toBe('query-1:8101');
});

test('one that listens on all addresses is found at one that others can reach, where it has one', () => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const host of ['0.0.0.0', '::']) {
    const place = hostPortOf(queryNodeAddress({ host, advertise: undefined }, 8101));
    const own = all.find(({ address }) => address === place?.host);
    expect([isIP(place?.host ?? ''), place?.port]).not.toEqual([0, 8101]);
    expect(own?.internal).toBe(all.every(({ internal }) => internal));
  }
});

test('what it advertises must be a host and a port', () => {
  expect(() => checkAdvertised({ advertise: 'query-1:8080' })).not.toThrow();
  expect(() => checkAdvertised({ advertise: undefined })).not.toThrow();
  expect(() => checkAdvertised({ advertise: '/run/q.sock' })).toThrow(
    'ADVERTISE of a query node must be HOST:PORT, got /run/q.sock',
  );
});
