import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Deadline } from '../../src/core/deadline.js';
import { AddressWatch } from '../../src/shard-client/address-watch.js';
import { vectorBytes } from '../../src/query/leaf-query.js';
import { idsOf } from '../search/leaf-answers.js';
import type { LeafAnswer } from '../../src/shard-client/leaf-calls.js';
import { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { ShardServer } from '../../src/shard/node/shard-server.js';
import { put, ShardFixture } from '../shard/shard-fixture.js';

const VECTOR = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0);
const logger = pino({ level: 'silent' });
let dir: string;
let shard: ShardFixture;
let server: ShardServer;
let fleet: ShardFleet;
let watch: AddressWatch;
/** What the store would tell; an error: it cannot be read. */
let known: Map<string, string> | Error;
let looks: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'omnisearch-watch-'));
  shard = await ShardFixture.open();
  await shard.place('c');
  await shard.write([put('a', 'c', [...VECTOR])]);
  server = await listenAt('127.0.0.1:0');
  looks = 0;
  fleet = new ShardFleet(new Map(), { storeId: shard.store.storeId });
  watch = new AddressWatch(
    fleet,
    async () => {
      looks += 1;
      if (known instanceof Error) throw known;
      return known;
    },
    logger,
  );
});
afterEach(async () => {
  fleet.close();
  watch.close();
  await server.close();
  await shard.close();
  rmSync(dir, { recursive: true });
});

/** A server of the shard, and its address in `known`. */
async function listenAt(address: string): Promise<ShardServer> {
  const { storeId } = shard.store;
  const options = { shard: 's1', storeId, address, queueLimit: 4, tenantQueueLimit: 4 };
  const started = new ShardServer(shard.node, options, logger);
  known = new Map([['s1', await started.listen()]]);
  return started;
}

async function search(): Promise<LeafAnswer> {
  const { counter, partitions } = await shard.store.placement('shop');
  const query = { vector: vectorBytes(VECTOR), views: [{ k: 1 }], exact: true };
  const leaf = { tenant: 'shop', counter, group: 's1/', partitions, model: 'm1', query };
  const { answer } = await fleet.search({ nodes: ['s1'] }, leaf, Deadline.after(5_000));
  return answer;
}

/** Looks that come too soon after another are left out. */
const gap = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));

test('a search finds a shard that moved since the last look', async () => {
  await watch.start();
  expect(idsOf(await search())).toHaveLength(1);
  await gap();
  await server.close();
  server = await listenAt(join(dir, 's1.sock'));
  expect(idsOf(await search())).toHaveLength(1);
});

test('a shard that registers later is found, also without a search', async () => {
  const later = known;
  known = new Map();
  await watch.start();
  expect(fleet.names).toEqual([]);
  await expect(search()).rejects.toMatchObject({ code: 'unavailable' });
  known = later;
  while (fleet.names.length === 0) await gap();
  expect(idsOf(await search())).toHaveLength(1);
});

test('while the store cannot be read the last addresses stand', async () => {
  await watch.start();
  known = new Error('no store');
  const before = looks;
  while (looks < before + 2) await gap();
  expect(idsOf(await search())).toHaveLength(1);
});

test('requests that fail together ask the store once', async () => {
  await watch.start();
  await gap();
  await server.close();
  const before = looks;
  const asked = await Promise.allSettled(Array.from({ length: 50 }, search));
  expect(asked.every(({ status }) => status === 'rejected')).toBe(true);
  expect(looks - before).toBeLessThanOrEqual(2);
});
