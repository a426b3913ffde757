import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectionsOf } from '../../src/store/mongo/collections.js';
import { openMongoReader, openMongoStore } from '../../src/store/mongo/open.js';
import type { MongoStoreOptions } from '../../src/store/mongo/options.js';
import type { StoreReader } from '../../src/store/store.js';
import { MONGO_FOLLOWER, MONGO_WRITER, nodeCommand, start, type Child } from './children/start.js';
import { Follower } from './contract/follower.js';
import { put } from './contract/writes.js';
import { dropDatabase, freshOptions } from './mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from './mongo-server.js';
import { loadFollower } from './saved-follower.js';

const T = 'shop';
/** Kills of writers, and of followers. */
const KILLS = Number(process.env['OMNISEARCH_KILLS'] ?? 5);
const reason = whyNoServer();
const children = new Set<Child>();
let server: MongoServer | undefined;
let options: MongoStoreOptions;
let dir: string;

beforeEach(async () => {
  if (reason !== undefined) return;
  if (MONGODB_URL === undefined) server = await MongoServer.start();
  // Short times: what a dead writer leaves open is closed 6 s later.
  const times = { leaseMs: 1_000, timeoutMs: 2_000, serverSelectionTimeoutMs: 1_000 };
  options = { ...freshOptions(server), ...times };
  dir = await mkdtemp(join(tmpdir(), 'omnisearch-kills-'));
});

afterEach(async () => {
  if (reason !== undefined) return;
  for (const child of children) await child.kill();
  children.clear();
  if (server === undefined) await dropDatabase(options);
  await server?.stop();
  await rm(dir, { recursive: true, force: true });
});

function run(script: string, name: string): Child {
  const child = start(nodeCommand(script, [JSON.stringify(options), T, name]));
  children.add(child);
  return child;
}

async function kill(child: Child): Promise<void> {
  children.delete(child);
  await child.kill();
}

/** Every batch up to the last acknowledged one is there; the next one may be, in parts. */
async function checkWriter(reader: StoreReader, prefix: string, child: Child): Promise<number> {
  const last = child.acknowledged().at(-1) ?? -1;
  const live: string[] = [];
  const deleted: string[] = [];
  for (let batch = 0; batch <= last; batch++) {
    for (const i of [1, 2, 3]) live.push(`${prefix}-${batch}-${i}`);
    if (batch <= last - 2) deleted.push(`${prefix}-${batch}-0`);
    if (batch === last) live.push(`${prefix}-${batch}-0`);
  }
  expect((await reader.documents(T, live)).filter((d) => d === undefined)).toEqual([]);
  expect((await reader.documents(T, deleted)).filter((d) => d !== undefined)).toEqual([]);
  return last + 1;
}

async function storedVersions(): Promise<Map<string, number>> {
  const client = new MongoClient(options.url);
  const { products } = collectionsOf(client.db());
  const found = await products.find({ tenant: T, deleted: false }).toArray();
  await client.close();
  return new Map(found.map(({ id, version }) => [id, version]));
}

describe.skipIf(reason !== undefined)(
  `MongoDB store, processes${reason ? `: ${reason}` : ''}`,
  () => {
    it(
      'four writers and two followers, each killed again and again: nothing lost, no ghosts',
      async () => {
        const store = await openMongoStore(options);
        await store.write(T, [put('first')]);
        const files = [join(dir, 'a'), join(dir, 'b')];
        const all: { prefix: string; child: Child }[] = [];
        const startWriter = (i: number) => {
          const prefix = `w${all.length}`;
          all[all.length] = { prefix, child: run(MONGO_WRITER, prefix) };
          writers[i] = all.at(-1)!.child;
        };
        const writers: Child[] = [];
        for (const i of [0, 1, 2, 3]) startWriter(i);
        const followers = files.map((file) => run(MONGO_FOLLOWER, file));
        await Promise.all([
          ...writers.map((w) => w.line('ack')),
          ...followers.map((f) => f.line('page')),
        ]);

        for (let n = 0; n < KILLS; n++) {
          await sleep(Math.random() * 600);
          const w = n % writers.length;
          await kill(writers[w]!);
          startWriter(w);
          await sleep(Math.random() * 300);
          const f = n % followers.length;
          await kill(followers[f]!);
          followers[f] = run(MONGO_FOLLOWER, files[f]!);
          await store.purgeTombstones(Date.now() - 1_000);
          await Promise.all([writers[w]!.line('ack'), followers[f].line('page')]);
        }
        for (const child of [...writers, ...followers]) await kill(child);

        const { mark } = await store.write(T, [put('last')]);
        let acknowledged = 0;
        for (const { prefix, child } of all)
          acknowledged += await checkWriter(store, prefix, child);
        expect(acknowledged).toBeGreaterThan(KILLS);
        const stored = await storedVersions();
        for (const file of [...files, 'nothing saved']) {
          const follower = new Follower(store, T);
          await loadFollower(follower, file);
          await follower.catchUp(mark);
          expect(follower.held).toEqual(stored);
        }
        await store.close();
      },
      60_000 + KILLS * 10_000,
    );

    it.skipIf(MONGODB_URL !== undefined)(
      'the server dies and comes back: calls fail in time, nothing is lost, all goes on',
      async () => {
        const writer = run(MONGO_WRITER, 'w');
        await writer.line('ack 5');
        const quick = { ...options, serverSelectionTimeoutMs: 300 };
        const reader = await openMongoReader(quick);
        const store = await openMongoStore(quick);
        const follower = new Follower(reader, T);
        await follower.readPage(10);
        await server?.kill();
        const unavailable = expect.objectContaining({ code: 'unavailable' }) as Error;
        await expect(reader.documents(T, ['w-0-1'])).rejects.toEqual(unavailable);
        await expect(store.write(T, [put('x')])).rejects.toEqual(unavailable);
        await expect(follower.readPage(10)).rejects.toEqual(unavailable);
        const seen = writer.acknowledged().at(-1) ?? 0;
        await server?.restart();
        await writer.line(`ack ${seen + 5}`);
        await kill(writer);
        const { mark } = await store.write(T, [put('last')]);
        await checkWriter(reader, 'w', writer);
        await follower.catchUp(mark);
        expect(follower.held).toEqual(await storedVersions());
        await reader.close();
        await store.close();
      },
    );
  },
);
