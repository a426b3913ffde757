import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Installation } from '../../src/cli/migrate/installation.js';
import { Side } from '../../src/cli/migrate/side.js';
import { Walk } from '../../src/cli/migrate/walk.js';
import type { Weights } from '../../src/cli/migrate/steps.js';
import { HANDOVER_ID, HANDOVER_KIND, isShared } from '../../src/tenancy/handover.js';
import { statusOf } from '../cluster/desk-fixture.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

const ADMIN = { authorization: 'Bearer boss' };
const OF = { ...ADMIN, 'x-omnisearch-tenant': 'shop' };
const PRODUCTS = 8;
/** Every so many calls of a walk it dies at one. */
const STRIDE = 37;
let old: HttpHarness;
let next: HttpHarness;
let urls: [string, string];
beforeAll(async () => {
  [old, next] = [await openHttp({ adminKey: 'boss' }), await openHttp({ adminKey: 'boss' })];
  for (const { store, deps } of [old, next]) await store.setModel(deps.model);
  const ports = [old, next].map((node) => node.server.listen({ port: 0, host: '127.0.0.1' }));
  const [a, b] = await Promise.all(ports);
  urls = [`http://127.0.0.1:${a}`, `http://127.0.0.1:${b}`];
  const row = (i: number) => ({ id: `p${i}`, title: `mouse ${i}`, category: 'Mice', price: 0 });
  const rows = Array.from({ length: PRODUCTS }, (_, i) => row(i));
  await old.send('POST', '/products', rows, OF);
});
afterAll(async () => {
  await Promise.all([old.close(), next.close()]);
});

class Died extends Error {}

/** Dies at its `last`-th call to either side, before it is sent or once it was done, and does nothing after it. */
function mortal(last: number) {
  const state = { calls: 0 };
  const isDone = last % 2 === 0;
  const dying = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name);
        if (['tenants', 'exports', 'restores'].includes(String(name)))
          return dying(value as object);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const call = ++state.calls;
          if (call > last || (call === last && !isDone)) throw new Died();
          const result = (await value.apply(target, args)) as unknown;
          if (call >= last) throw new Died();
          return result;
        };
      },
    });
  return { dying, state };
}

const weights: Weights[] = [];

/** A command, which dies at its `last`-th call. */
async function open(last = Infinity) {
  const { dying, state } = mortal(last);
  const walker = `w${Math.random().toString(36).slice(2)}`;
  const sides = urls.map((url) => new Side(dying(new Installation(url, 'boss', walker))));
  const [from, to] = sides as [Side, Side];
  const options = {
    ...{ from, to, holdMs: 20_000, settleMs: 50, say: () => undefined },
    balance: async (asked: Weights) => void weights.push(asked),
    stop: new AbortController().signal,
  };
  const walk = new Walk(options);
  const begin = async (): Promise<void> => {
    for (const side of sides) await side.read();
    const isNew = walk.progress === undefined || walk.progress.step === 'rolled-back';
    if (isNew) await walk.begin(false, { old: urls[0], new: urls[1] });
    else await walk.takeOver();
  };
  return { walk, begin, state, options };
}

const recordOf = ({ store }: HttpHarness) => store.records.get(HANDOVER_KIND, HANDOVER_ID);

/** To the step where all is at the new one, and back again. */
async function there(last = Infinity): Promise<number> {
  const { walk, begin, state } = await open(last);
  await begin();
  while (walk.progress?.step !== 'cut') await walk.next();
  return state.calls;
}

async function back(last = Infinity): Promise<number> {
  const { walk, begin, state } = await open(last);
  await begin();
  await walk.rollBack();
  return state.calls;
}

async function dies(work: Promise<number>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof Died) return true;
    throw error;
  }
}

/** Changes prices all the time, at the one and the other side, until told to stop. */
class Writer {
  readonly prices = new Map<number, number>();
  readonly failed: unknown[] = [];
  private isOver = false;
  private readonly running = this.run();

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let price = 1; !this.isOver; price++) {
      const i = price % PRODUCTS;
      const reply = await fetch(`${urls[price % 2]}/products/p${i}`, {
        method: 'PATCH',
        headers: { ...OF, 'content-type': 'application/json' },
        body: JSON.stringify({ price }),
      });
      if (reply.status === 200) this.prices.set(i, price);
      else this.failed.push([reply.status, await reply.json()]);
      await reply.arrayBuffer().catch(() => undefined);
      await sleep(2);
    }
  }
}

describe('omnisearch migrate', () => {
  test('loses nothing wherever it dies, goes on or goes back', async () => {
    expect(await there()).toBeGreaterThan(60);
    await back();
    const writer = new Writer();
    let [died, isOver] = [0, false];
    for (let last = 3; !isOver; last += STRIDE) {
      const isDead = await dies(there(last));
      // Every other time it goes back from where it died.
      if (isDead && last % 2 === 0) await there();
      isOver = !(await dies(back(last % 40))) && !isDead;
      await back();
      died += Number(isDead);
      expect((await recordOf(next))?.value).toMatchObject({ writes: 'there', reads: 'there' });
    }
    await writer.stop();
    expect(died).toBeGreaterThan(1);
    expect(writer.failed).toEqual([]);
    expect(writer.prices.size).toBe(PRODUCTS);
    for (const [i, price] of writer.prices) {
      const found = await old.send('GET', `/products/p${i}`, undefined, OF);
      expect([i, found.json()]).toMatchObject([i, { price }]);
    }
  }, 60_000);

  test('takes all records along, and what is removed while it goes on is removed there, too', async () => {
    const at = (method: 'PUT' | 'POST' | 'DELETE', path: string, body?: object) =>
      old.send(method, path, body, OF);
    await at('PUT', '/plans/pro', { price_month: 9 });
    await at('PUT', '/tenants/shop', { plan: 'pro' });
    await at('PUT', '/tenants/gone', {});
    await at('PUT', '/aliases/now', { tenant: 'shop' });
    await at('PUT', '/rules/hide', { when: { query: 'mouse' }, then: { hidden: ['p1'] } });
    await at('PUT', '/synonyms/both', { words: ['mouse', 'mice'] });
    await at('PUT', '/settings', { stop_words: ['the'] });
    const made = async (tenants: string[]) => {
      const reply = await at('POST', '/keys', { kind: 'search', tenants });
      return reply.json() as unknown as { id: string; secret: string };
    };
    const [shared, revoked] = [await made(['shop', 'other']), await made(['*'])];
    for (const list of ['vip', 'old']) {
      const row = JSON.stringify({ id: 'p1', price: 5 });
      const headers = { ...OF, 'content-type': 'application/x-ndjson' };
      await old.send('PUT', `/price-lists/${list}`, row, headers);
    }
    const { walk, begin } = await open();
    await begin();
    await walk.next();
    const read = async (path: string) => (await next.send('GET', path, undefined, OF)).json();
    expect(await read('/tenants/gone')).toMatchObject({ state: 'active' });
    await at('DELETE', `/keys/${revoked.id}`);
    await at('DELETE', '/synonyms/both');
    await at('DELETE', '/price-lists/old');
    await at('PUT', '/aliases/now', { tenant: 'gone' });
    await old.send('DELETE', '/aliases/now', undefined, ADMIN);
    await old.send('DELETE', '/tenants/gone', undefined, ADMIN);
    while (walk.progress?.step !== 'cut') await walk.next();
    expect(await read('/tenants/shop')).toMatchObject({ state: 'active', plan: 'pro' });
    expect(await read('/plans/pro')).toMatchObject({ price_month: 9 });
    expect(await read('/rules')).toMatchObject({ rules: [{ id: 'hide' }] });
    expect(await read('/synonyms')).toMatchObject({ synonyms: [] });
    expect(await read('/settings')).toMatchObject({ stop_words: ['the'] });
    expect(await read('/aliases')).toMatchObject({ aliases: [] });
    expect(await read('/price-lists')).toMatchObject({ price_lists: [{ name: 'vip' }] });
    expect(next.drops).toEqual(['gone']);
    const asked = async (secret: string) => {
      const headers = { ...OF, authorization: `Bearer ${secret}` };
      return (await next.send('GET', '/categories', undefined, headers)).statusCode;
    };
    expect([await asked(shared.secret), await asked(revoked.secret)]).toEqual([200, 401]);
    // Made at the new one: back at the old one it is there.
    await next.send('PUT', '/rules/late', { when: { query: 'x' }, then: { hidden: ['p2'] } }, OF);
    await walk.rollBack();
    expect((await old.send('GET', '/rules/late', undefined, OF)).statusCode).toBe(200);
  });

  test('ended between two changes, it leaves reads answered, and can be gone on with', async () => {
    const asked = async () => {
      const ask = (url: string) =>
        fetch(`${url}/products/p1`, { headers: OF, signal: AbortSignal.timeout(5_000) });
      return (await Promise.all(urls.map(ask))).map(({ status }) => status);
    };
    const failsAt = (side: Side, what: 'change' | 'begin' | 'end', writes?: string) => {
      const real = side[what].bind(side) as (changes?: object) => Promise<void>;
      side[what] = async (changes?: { writes?: string }) => {
        if (changes?.writes === writes) throw new Died();
        await real(changes);
      };
    };
    await there();
    // Orders for nodes are for those of whoever is asked. What would be copied there gets old.
    old.cluster.status.set('s9', statusOf());
    const said = async (node: HttpHarness, method: 'GET' | 'POST' | 'DELETE', path: string) =>
      (await node.send(method, path, method === 'POST' ? {} : undefined, ADMIN)).statusCode;
    expect(await said(old, 'POST', '/admin/nodes/s9/drain')).toBe(200);
    expect(await said(old, 'DELETE', '/admin/nodes/s9/drain')).toBe(200);
    for (const copied of ['/admin/region/changes', '/admin/export/records']) {
      expect([await said(old, 'GET', copied), await said(next, 'GET', copied)]).toEqual([409, 200]);
    }
    expect(await said(old, 'GET', '/admin/export')).toBe(200);
    const [before, taken] = [await recordOf(old), await recordOf(next)];
    const first = await open();
    await first.begin();
    failsAt(first.options.to, 'end');
    await expect(first.walk.finish()).rejects.toThrow(Died);
    const second = await open();
    await second.begin();
    await second.walk.finish();
    await second.walk.finish();
    const done = await recordOf(old);
    expect([done?.value, await recordOf(next)]).toMatchObject([
      { walk: { step: 'done' } },
      undefined,
    ]);
    // As it was before: for what follows there is a way back.
    await next.store.records.put(HANDOVER_KIND, HANDOVER_ID, taken?.value ?? {}, 0);
    const { revision = 0 } = done ?? {};
    await old.store.records.put(HANDOVER_KIND, HANDOVER_ID, before?.value ?? {}, revision);
    const third = await open();
    await third.begin();
    // The new one gives all back, the old one does not know.
    failsAt(third.options.from, 'change', 'here');
    await expect(third.walk.rollBack()).rejects.toThrow(Died);
    for (const node of [old, next]) {
      expect((await recordOf(node))?.value).toMatchObject({ writes: 'there', reads: 'there' });
    }
    expect(await asked()).toEqual([200, 200]);
    await back();
    // Begun again at the new one alone.
    const fourth = await open();
    failsAt(fourth.options.from, 'begin', 'here');
    await expect(fourth.begin()).rejects.toThrow(Died);
    expect(await asked()).toEqual([200, 200]);
    await back();
    const fifth = await open();
    await fifth.begin();
    await fifth.walk.rollBack();
  });

  test('has writes wait for as long as it may, and for no longer than somebody stops it', async () => {
    const { walk, begin, options } = await open();
    await begin();
    await walk.next();
    const { at } = options.to;
    // A catalogue that is never read to its end.
    at.sum = (tenant, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error(`${tenant} was given up`)));
      });
    options.holdMs = 1_500;
    await expect(walk.next()).rejects.toThrow('it takes longer than 1.5 s');
    expect((await recordOf(old))?.value).toMatchObject({ writes: 'here' });
    options.holdMs = 600_000;
    const stop = new AbortController();
    const stopped = new Walk({ ...options, stop: stop.signal });
    setTimeout(() => stop.abort(), 500);
    await expect(stopped.next()).rejects.toThrow();
    expect((await recordOf(old))?.value).toMatchObject({ writes: 'here' });
    await walk.rollBack();
  }, 15_000);

  test('listens to the command that began last, and to no other', async () => {
    const [first, second] = [await open(), await open()];
    await first.begin();
    await second.begin();
    await expect(first.walk.next()).rejects.toThrow('another command hands this installation over');
    await expect(first.walk.rollBack()).rejects.toThrow('another omnisearch migrate goes on');
    await second.walk.next();
    await second.walk.rollBack();
  });

  test('begins nothing where it could not end, or is begun already', async () => {
    const { walk, begin } = await open();
    await begin();
    await expect(walk.begin(false, { old: urls[0], new: urls[1] })).rejects.toThrow('already');
    await expect(walk.finish()).rejects.toThrow('not at cut');
    await expect(walk.forget()).rejects.toThrow('not at rolled-back');
    await walk.rollBack();
    await expect(walk.pause()).rejects.toThrow('nothing can be paused at rolled-back');
    const [keyless, unguarded] = [await open(), await openHttp()];
    const port = await unguarded.server.listen({ port: 0, host: '127.0.0.1' });
    const url = `http://127.0.0.1:${port}`;
    const guest = new Side(new Installation(url, undefined, 'w'));
    const exposed = new Walk({ ...keyless.options, to: guest });
    await expect(exposed.begin(false, { old: urls[0], new: url })).rejects.toThrow('ADMIN_KEY');
    await unguarded.close();
    const cold = { op: 'delete', id: 'p7', feedVersion: undefined, archive: 'chunk' } as const;
    expect((await old.store.write('shop', [cold])).statuses).toEqual(['applied']);
    await expect((await open()).begin()).rejects.toThrow(
      'archived products, which do not go along, of: shop',
    );
    await walk.forget();
    // It has copies of what the old one serves: files that both may name are not its to remove.
    expect(await isShared(next.store.records)).toBe(true);
    expect(await isShared(old.store.records)).toBe(false);
    const again = await open();
    await expect(again.begin()).rejects.toThrow('there are tenants at');
    const alone = await open();
    const onto = new Walk({ ...alone.options, to: alone.options.from });
    await expect(onto.begin(false, { old: urls[0], new: urls[0] })).rejects.toThrow('one store');
  });
});
