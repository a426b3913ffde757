import { expect, test } from 'vitest';
import { addressOf, endpointOf } from '../../src/protocol/shard-address.js';

test.each([
  ['127.0.0.1:8081', { host: '127.0.0.1', port: 8081 }],
  ['shard-1:8081', { host: 'shard-1', port: 8081 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['/run/s1.sock', { path: '/run/s1.sock' }],
  ['/run/a:1', { path: '/run/a:1' }],
])('%s is read and written', (address, endpoint) => {
  expect(endpointOf(address)).toEqual(endpoint);
  expect(addressOf(endpoint)).toBe(address);
});
