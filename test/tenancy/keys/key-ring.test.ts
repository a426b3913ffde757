import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserKey } from '../../../src/client/browser-key.js';
import type { RecordStore } from '../../../src/store/record-store.js';
import { newKeyId, newSecret, storedSecret } from '../../../src/tenancy/keys/key-secrets.js';
import { KeyVault } from '../../../src/tenancy/keys/key-vault.js';
import { makeLmdbStore } from '../../store/lmdb-fixture.js';
import { makeMongoStore } from '../../store/mongo-fixture.js';
import { MONGODB_URL, MongoServer, whyNoServer } from '../../store/mongo-server.js';
import type { StoreFixture } from '../../store/contract/fixture.js';
import { MemoryRecords } from '../memory-records.js';
import { keyedNode, type Clock } from './keyed-node.js';

const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;

/** What somebody with this key may do; why not. */
async function told(ring: ReturnType<typeof keyedNode>['ring'], token: string): Promise<string> {
  const admission = await ring.admit(token);
  if (admission === 'unknown') return 'unknown';
  return 'dead' in admission ? admission.dead : admission.grant.kind;
}

function onStores(open: () => Promise<StoreFixture>): void {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await open();
  });
  afterAll(() => fixture.close());

  test('a key is good on every node, changed within a second and disabled within two', async () => {
    const { records } = fixture.store;
    const other = (await fixture.secondWriter()).records;
    const clock: Clock = { ms: 0 };
    const [here, there] = [keyedNode(records, clock), keyedNode(other, clock)];
    const made = await here.desk.create({ kind: 'search' }, null);
    const browser = await browserKey(made, { expiresAt });
    const onThere = () => Promise.all([told(there.ring, made.secret), told(there.ring, browser)]);
    expect(await onThere()).toEqual(['search', 'search']);
    await here.desk.change(made.id, { disabled_at: new Date().toISOString() }, null);
    expect(await told(here.ring, made.secret)).toBe('the key is disabled');
    clock.ms = 1_000;
    expect(await onThere()).toEqual(['the key is disabled', 'the key is disabled']);
    await here.desk.change(made.id, { disabled_at: null, generation: 2 }, null);
    clock.ms = 2_000;
    expect(await onThere()).toEqual(['search', 'the browser key is of another generation']);
    await here.desk.remove(made.id, null);
    clock.ms = 3_000;
    expect(await onThere()).toEqual(['unknown', 'unknown']);
  });

  test('a secret that was unknown is known a second after it was made', async () => {
    const { records } = fixture.store;
    const clock: Clock = { ms: 0 };
    const [here, there] = [keyedNode(records, clock), keyedNode(records, clock)];
    const { id } = await here.desk.create({ kind: 'write' }, null);
    const { secret } = await here.desk.rotate(id, undefined, null);
    expect(await there.ring.exist()).toBe(true);
    expect(await told(there.ring, `${secret}x`)).toBe('unknown');
    expect(await told(there.ring, secret)).toBe('write');
  });

  test('rotations at once leave a key with two secrets, which are good', async () => {
    const { desk, ring } = keyedNode(fixture.store.records);
    const { id } = await desk.create({ kind: 'search' }, null);
    const rotations = Array.from({ length: 4 }, () => desk.rotate(id, undefined, null));
    const done = (await Promise.allSettled(rotations)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    const { secrets } = await desk.get(id);
    expect(secrets).toHaveLength(2);
    const good = await Promise.all(done.map(({ secret }) => told(ring, secret)));
    expect(good.filter((one) => one === 'search').length).toBeGreaterThan(0);
    expect(good.filter((one) => one === 'search').length).toBeLessThanOrEqual(2);
  });
}

describe('keys on LMDB', () => onStores(() => makeLmdbStore()));

const reason = whyNoServer();
let server: MongoServer | undefined;
describe.skipIf(reason !== undefined)(
  `keys on MongoDB${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    beforeAll(async () => {
      if (MONGODB_URL === undefined) server = await MongoServer.start();
    });
    afterAll(() => server?.stop());
    onStores(() => makeMongoStore(server));
  },
);

describe('a node', () => {
  test('reads a key once a second however often it is asked for, and an unknown secret once', async () => {
    const records = new MemoryRecords();
    const clock: Clock = { ms: 0 };
    const { secret, id } = await keyedNode(records).desk.create({ kind: 'search' }, null);
    const { ring } = keyedNode(records, clock);
    const readsOf = async (work: () => Promise<unknown>): Promise<number> => {
      const before = records.reads;
      await work();
      return records.reads - before;
    };
    const thrice = (token: string) => async () => {
      await Promise.all([told(ring, token), told(ring, token)]);
      await told(ring, token);
    };
    // Whose the secret is, and the key.
    expect(await readsOf(thrice(secret))).toBe(2);
    expect(await readsOf(thrice('unknown'))).toBe(1);
    const browser = await browserKey({ id, secret, generation: 1 }, { expiresAt });
    expect(await readsOf(thrice(browser))).toBe(0);
    clock.ms = 1_000;
    expect(await readsOf(thrice(secret))).toBe(1);
    expect(await readsOf(thrice('unknown'))).toBe(1);
    // Unknown ones push out nothing that is known.
    const guesses = async () => {
      for (let i = 0; i < 20_000; i++) await told(ring, `guess ${i}`);
    };
    expect(await readsOf(guesses)).toBe(20_000);
    expect(await readsOf(thrice(secret))).toBe(0);
  });

  test('keeps the keys of 10,000 tenants, three each', async () => {
    const records = new MemoryRecords();
    const vault = new KeyVault(undefined);
    const secrets: string[] = [];
    for (let i = 0; i < 30_000; i++) {
      const own = { id: newKeyId(), kind: 'write' as const };
      const secret = newSecret(own.kind, false);
      const stored = storedSecret(own, secret, vault);
      const terms = { tenants: [`tenant-${i % 10_000}`], description: 'x'.repeat(100) };
      const record = { ...own, ...terms, generation: 1, created_at: '', secrets: [{ ...stored }] };
      await records.put('key', own.id, record, 0);
      await records.put('key secret', stored.hash, { key: own.id }, 0);
      secrets.push(secret);
    }
    const { ring } = keyedNode(records);
    for (const secret of secrets) expect(await told(ring, secret)).toBe('write');
    const before = records.reads;
    for (const secret of secrets) await ring.admit(secret);
    expect(records.reads).toBe(before);
  });

  test('that the store does not tell goes by what it knows for less than two seconds', async () => {
    const memory = new MemoryRecords();
    const clock: Clock = { ms: 0 };
    const { secret } = await keyedNode(memory).desk.create({ kind: 'search' }, null);
    let isAway = false;
    const records = Object.create(memory, {
      get: {
        value: (kind: string, id: string) =>
          isAway ? Promise.reject(new Error('away')) : memory.get(kind, id),
      },
    }) as RecordStore;
    const { ring } = keyedNode(records, clock);
    expect(await told(ring, secret)).toBe('search');
    isAway = true;
    clock.ms = 1_800;
    expect(await told(ring, secret)).toBe('search');
    clock.ms = 2_000;
    await expect(told(ring, secret)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(told(ring, 'unknown')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('ends keys and secrets when their time comes', async () => {
    const clock: Clock = { ms: 0 };
    const { desk, ring } = keyedNode(new MemoryRecords(), clock);
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const { id, secret } = await desk.create({ kind: 'write', expires_at: at(60_000) }, null);
    const next = await desk.rotate(id, at(30_000), null);
    const both = () => Promise.all([told(ring, secret), told(ring, next.secret)]);
    expect(await both()).toEqual(['write', 'write']);
    clock.ms = 31_000;
    expect(await both()).toEqual(['unknown', 'write']);
    clock.ms = 61_000;
    expect(await both()).toEqual(['unknown', 'the key has expired']);
  });

  test('of another KEYS_SECRET lets search keys in, and no browser keys', async () => {
    const records = new MemoryRecords();
    const made = await keyedNode(records).desk.create({ kind: 'search' }, null);
    const browser = await browserKey(made, { expiresAt });
    for (const keysSecret of ['another of sixteen', null]) {
      const { ring } = keyedNode(records, { ms: 0 }, keysSecret);
      expect(await told(ring, made.secret)).toBe('search');
      await expect(told(ring, browser)).rejects.toMatchObject({ code: 'unavailable' });
    }
  });

  test('that has a KEYS_SECRET opens what was stored before there was one', async () => {
    const records = new MemoryRecords();
    const made = await keyedNode(records, { ms: 0 }, null).desk.create({ kind: 'search' }, null);
    const browser = await browserKey(made, { expiresAt });
    expect(await told(keyedNode(records).ring, browser)).toBe('search');
  });
});
