import { expect, test } from 'vitest';
import { advertisedAddress, checkAddresses } from '../../src/cli/shard-address.js';

const secret = { shardSecret: 'a secret of some length' };
const none = { advertise: undefined, shardSecret: undefined };

test.each(['127.0.0.1:8081', 'localhost:0', '[::1]:8081', '/run/s1.sock'])(
  '%s wants no secret',
  (listen) => expect(() => checkAddresses({ ...none, listen })).not.toThrow(),
);

test.each(['0.0.0.0:8081', '10.0.0.7:8081', 'shard-1:8081', '[::]:8081'])(
  '%s wants one',
  (listen) => {
    const advertise = 'shard-1:8081';
    expect(() => checkAddresses({ ...none, advertise, listen })).toThrow(/SHARD_SECRET/);
    expect(() => checkAddresses({ ...secret, advertise, listen })).not.toThrow();
  },
);

test('what cannot be connected to must be advertised as something else', () => {
  const listen = '0.0.0.0:8081';
  expect(() => checkAddresses({ ...none, ...secret, listen })).toThrow(/ADVERTISE/);
  expect(advertisedAddress('shard-1:9000', listen)).toBe('shard-1:9000');
  expect(advertisedAddress('shard-1:0', listen)).toBe('shard-1:8081');
  expect(advertisedAddress(undefined, '127.0.0.1:8081')).toBe('127.0.0.1:8081');
});
