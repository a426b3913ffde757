import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { keyOf } from '../../src/store/mongo/collections.js';

const SCRIPT = new URL('../../deploy/mongo-shard.js', import.meta.url);

/** What the script asks of mongosh's `sh`, in order. */
function asked(env: Record<string, string>): unknown[][] {
  const calls: unknown[][] = [];
  const sh = new Proxy(
    {},
    {
      get:
        (_target, name) =>
        (...args: unknown[]) =>
          calls.push([String(name), ...args]),
    },
  );
  runInNewContext(readFileSync(SCRIPT, 'utf8'), { process: { env }, sh });
  return JSON.parse(JSON.stringify(calls)) as unknown[][];
}

test('products are sharded by their unique key, and nothing else is', () => {
  expect(asked({})).toEqual([
    ['enableSharding', 'omnisearch'],
    ['shardCollection', 'omnisearch.products', { _id: 1 }],
  ]);
});

test('the range of a tenant in its zone holds all of its keys, and none of another', () => {
  const calls = asked({ DATABASE: 'shop', SHARDS: 'a=eu,b=us', TENANTS: 'acme=eu' });
  expect(calls.slice(1, 3)).toEqual([
    ['addShardToZone', 'a', 'eu'],
    ['addShardToZone', 'b', 'us'],
  ]);
  const [name, namespace, from, to, zone] = calls[3] as [string, string, Key, Key, string];
  expect([name, namespace, zone]).toEqual(['updateZoneKeyRange', 'shop.products', 'eu']);
  const isWithin = (key: string): boolean => key >= from._id && key < to._id;
  for (const id of ['', '1', '~', '\u{10ffff}']) expect(isWithin(keyOf('acme', id))).toBe(true);
  for (const other of ['acm', 'acme-2', 'acme0', 'acmf', 'acme.de']) {
    expect(isWithin(keyOf(other, 'x'))).toBe(false);
  }
});

test.each([
  [{ TENANTS: 'acme=eu' }, 'of which no shard is'],
  [{ SHARDS: 'a' }, 'is not NAME=ZONE'],
])('%o is refused before anything is done', (env, reason) => {
  expect(() => asked(env)).toThrow(reason);
});

interface Key {
  _id: string;
}
