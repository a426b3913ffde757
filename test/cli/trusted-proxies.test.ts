import { expect, test } from 'vitest';
import { trustedProxies } from '../../src/cli/trusted-proxies.js';

test('addresses, networks and names of networks', () => {
  expect(trustedProxies(undefined)).toBeUndefined();
  expect(trustedProxies('loopback,10.0.0.0/8,::1,fd00::/8,192.0.2.7')).toEqual([
    ...['loopback', '10.0.0.0/8', '::1', 'fd00::/8', '192.0.2.7'],
  ]);
});

test.each(['10.0.0.256', '10.0.0.0/33', 'fd00::/129', '10.0.0', '::1/8/8', 'a::b::c'])(
  'what is none stops the start with a line that names it: %s',
  (wrong) => {
    expect(() => trustedProxies(`loopback,${wrong}`)).toThrow(
      `TRUST_PROXY must have addresses and networks of proxies, got ${wrong}`,
    );
  },
);
