import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MATCH_ALL, type Filter } from '../../src/filter/filter.js';
import { PlacementCache } from '../../src/placement/placement-cache.js';
import { encodeFrame, FrameReader } from '../../src/protocol/frames.js';
import { PROTOCOL_VERSION, type Message, type Reply } from '../../src/protocol/messages.js';
import { RootSearch } from '../../src/search/root-search.js';
import type { SearchReply } from '../../src/search/search-types.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { ShardFleet } from '../../src/shard-client/shard-fleet.js';
import { searchableOver, serveShard, type ServedShard } from '../shard/served-shard.js';
import { DIMENSIONS, MODEL, put, ShardFixture } from '../shard/shard-fixture.js';
import { anyCaller } from './caller.js';

const MICE: Filter = { kind: 'in', field: 'category', values: ['Mice'] };
const TIMEOUT_MS = 1_000;
/** Where a hundred searches wait at once: what the healthy shard needs must be left of it. */
const CROWD_TIMEOUT_MS = 5_000;

/** Mice are on a real shard; Pans on one that accepts, and says nothing while it is frozen. */
let shard: ShardFixture;
let served: ServedShard;
let fleet: ShardFleet;
let search: RootSearch;
let frozen: Server;
let isFrozen: boolean;
let kept: [Socket, number, Message][];
let asked: Message['type'][];
const sockets = new Set<Socket>();

beforeEach(async () => {
  shard = await ShardFixture.open();
  await shard.place('Mice');
  await shard.place('Pans', 's2');
  await shard.write([put('m', 'Mice', [1, 0, 0, 0, 0, 0, 0, 0])]);
  served = await serveShard(shard, 512);
  const address = join(shard.dir, 's2.sock');
  await freeze(address);
  fleet = new ShardFleet(
    new Map([
      ['s1', served.address],
      ['s2', address],
    ]),
    { storeId: shard.store.storeId },
  );
  search = new RootSearch({
    model: { name: 'test', fingerprint: MODEL, dimensions: DIMENSIONS },
    encoder: undefined,
    placements: new PlacementCache(shard.store),
    fleet,
    searchable: searchableOver(shard.store, fleet),
    store: shard.store,
    tenants: new TenantDirectory(shard.store.records, true),
    logger: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  fleet.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => frozen.close(resolve));
  await served.close();
  await shard.close();
});

async function freeze(address: string): Promise<void> {
  isFrozen = true;
  kept = [];
  asked = [];
  frozen = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const reader = new FrameReader();
    socket.on('data', (chunk) => {
      for (const { request, message } of reader.push(chunk)) {
        asked.push(message.type);
        if (isFrozen) kept.push([socket, request, message]);
        else answer(socket, request, message);
      }
    });
  });
  await new Promise<void>((resolve) => frozen.listen(address, resolve));
}

function thaw(): void {
  isFrozen = false;
  for (const [socket, request, message] of kept.splice(0)) answer(socket, request, message);
}

function answer(socket: Socket, request: number, message: Message): void {
  const reply = replyTo(message);
  if (reply !== undefined) socket.write(encodeFrame(request, reply));
}

function replyTo(message: Message): Reply | undefined {
  if (message.type === 'hello') {
    return { type: 'welcome', protocol: PROTOCOL_VERSION, shard: 's2' };
  }
  if (message.type === 'status') {
    const figures = {
      documents: 0,
      bytes: 0,
      behind: 0,
      storeReads: 0,
      partitions: 0,
      tenants: 0,
      damaged: [],
      switching: { tenants: 0, first: [] },
    };
    return { type: 'status', shard: 's2', ready: true, ...figures };
  }
  if (message.type !== 'search') return undefined;
  return {
    type: 'hits',
    views: [{ hits: { ids: [], versions: [], scores: { vector: [] } }, total: 0, more: false }],
    ...{ refused: [], counter: message.counter, tookMs: 0, timedOut: false },
  };
}

function ask(filter: Filter = MATCH_ALL, timeoutMs = TIMEOUT_MS): Promise<SearchReply> {
  const query = Float32Array.from([1, 0, 0, 0, 0, 0, 0, 0]);
  const rest = { fields: undefined, exact: false, explain: false, timeoutMs };
  return search.search({ tenant: 'shop', query, topK: 5, filter, ...rest }, anyCaller());
}

const reasons = ({ missing }: SearchReply): string[] => missing.map(({ reason }) => reason);

test('a frozen shard costs three deadlines, then its categories are flagged at once; one probe asks it', async () => {
  thaw();
  expect(reasons(await ask())).toEqual([]);
  isFrozen = true;
  for (let i = 0; i < 3; i++) {
    const { hits, missing } = await ask();
    expect(hits.map(({ id }) => id)).toEqual(['m']);
    expect(missing).toEqual([{ part: 'shard', category: 'Pans', shard: 's2', reason: 'timeout' }]);
  }
  const before = asked.length;
  const startMs = performance.now();
  for (let i = 0; i < 500; i++) expect(reasons(await ask())).toEqual(['unavailable']);
  expect(asked.slice(before).filter((type) => type === 'search')).toEqual([]);
  // One at a time, each given five seconds to answer.
  const probes = 2 + Math.floor((performance.now() - startMs) / 5_000);
  const asks = asked.slice(before).filter((type) => type === 'status');
  expect(asks.length).toBeLessThanOrEqual(probes);

  thaw();
  await expect.poll(async () => reasons(await ask())).toEqual([]);
});

test('while a frozen shard is not known as such yet, only so many searches wait for it', async () => {
  // Its connection stands, and its callers have begun to wait.
  thaw();
  expect(reasons(await ask())).toEqual([]);
  isFrozen = true;
  const first = ask(MATCH_ALL, CROWD_TIMEOUT_MS);
  await new Promise((resolve) => setTimeout(resolve, 250));
  const waiting = Array.from({ length: 60 }, () => ask(MATCH_ALL, CROWD_TIMEOUT_MS));
  const others = await Promise.all(Array.from({ length: 40 }, () => ask(MICE)));
  // Those of the healthy shard are whole, whatever waits for the other.
  expect(others.every(({ missing, hits }) => missing.length === 0 && hits.length === 1)).toBe(true);
  const outcomes = (await Promise.all([first, ...waiting])).flatMap(reasons);
  expect(outcomes).toHaveLength(61);
  expect(outcomes.filter((reason) => reason === 'timeout').length).toBeLessThanOrEqual(33);
  expect(asked.filter((type) => type === 'search').length).toBeLessThanOrEqual(34);
});

test('a search whose caller goes away is cancelled in the shard', async () => {
  thaw();
  await ask();
  isFrozen = true;
  const leaving = new AbortController();
  const query = Float32Array.from([1, 0, 0, 0, 0, 0, 0, 0]);
  const rest = { fields: undefined, exact: false, explain: false, timeoutMs: 60_000 };
  const found = search.search(
    { tenant: 'shop', query, topK: 5, filter: MATCH_ALL, ...rest },
    anyCaller(leaving.signal),
  );
  await expect.poll(() => kept.some(([, , { type }]) => type === 'search')).toBe(true);
  leaving.abort();
  // Long before its own deadline: nobody waits for it any more.
  await found.catch(() => undefined);
  const [, request] = kept.find(([, , { type }]) => type === 'search') ?? [];
  await expect
    .poll(() => kept.map(([, , message]) => message))
    .toContainEqual({
      type: 'cancel',
      request,
    });
});
