import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/redis/redis-url.js';
import { allSettings } from '../../src/config/settings.js';

const setting = allSettings().find(([key]) => key === 'redisUrl')?.[1];
const form = setting?.type === 'string' ? setting.form?.pattern : undefined;

test('one server, sentinels and a cluster, with and without names and passwords', () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constant('[::1]'));
  const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
  const secret = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
  const places = fc.array(fc.record({ host, port }), { minLength: 1, maxLength: 5 });
  const kind = fc.constantFrom('sentinel', 'cluster');
  fc.assert(
    fc.property(kind, fc.boolean(), places, secret, (what, tls, hosts, password) => {
      const list = hosts.map((one) => one.host + (one.port === undefined ? '' : `:${one.port}`));
      const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
      const url = `redis${tls ? 's' : ''}+${what}://${login}${list.join(',')}/shop`;
      const usual = what === 'sentinel' ? 26_379 : 6_379;
      expect(parseRedisUrl(url)).toEqual({
        ...{ kind: what, name: 'shop', username: undefined, password, tls },
        hosts: hosts.map((one) => ({
          host: one.host.replace(/[[\]]/g, ''),
          port: one.port ?? usual,
        })),
      });
      expect(form?.test(url)).toBe(true);
    }),
  );
  expect(parseRedisUrl('redis://a:6379/1')).toEqual({ kind: 'single', url: 'redis://a:6379/1' });
  expect(parseRedisUrl('redis+sentinel://a')).toMatchObject({ name: 'mymaster' });
});

test.each([
  '',
  'http://a',
  'redis://',
  'redis+sentinel://',
  'redis+other://a',
  'redis+cluster://a b',
])('%s is none', (url) => expect(parseRedisUrl(url)).toBeUndefined());
