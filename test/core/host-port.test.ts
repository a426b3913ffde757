import { expect, test } from 'vitest';
import { hostPortOf, textOf } from '../../src/core/host-port.js';

test.each(['10.0.0.7:8080', 'query-1:80', 'a.b_c.example:65535', '[::1]:8080', '[fd00::a]:0'])(
  '%s is a host and a port',
  (text) => {
    const place = hostPortOf(text);
    expect(place && textOf(place)).toBe(text);
  },
);

test.each([
  ...['', 'query-1', ':80', 'query-1:', 'query-1:x', 'query-1:65536', 'query-1:123456'],
  ...[
    '::1:8080',
    '[::g]:80',
    '[1.2.3.4]:80',
    '/run/s.sock',
    'a b:80',
    'a;b:80',
    'a:80\n',
    "'a':80",
  ],
])('%j is none', (text) => expect(hostPortOf(text)).toBeUndefined());
