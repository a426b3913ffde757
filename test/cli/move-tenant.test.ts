import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { haproxyBackends, haproxyMap, nginxMap } from '../../src/balancer/tenant-map.js';
import { Deployment } from '../../src/cli/move/deployment.js';
import type { Move } from '../../src/cli/move/move.js';
import { nameOf, runMove } from '../../src/cli/move/move-command.js';
import { moveTenant, type Moved } from '../../src/cli/move/move-tenant.js';
import { routedNames, writeRoutes } from '../../src/cli/move/route-tenants.js';
import { TENANT_KIND } from '../../src/store/record-store.js';
import { movedRecord, valueOf, type TenantRecord } from '../../src/tenancy/tenant-record.js';
import { openHttp, type HttpHarness } from '../http/harness.js';

const ADMIN = { authorization: 'Bearer boss' };
let here: HttpHarness;
let there: HttpHarness;
let urls: [string, string];
beforeEach(async () => {
  [here, there] = [await openHttp({ adminKey: 'boss' }), await openHttp({ adminKey: 'boss' })];
  const ports = [here, there].map((node) => node.server.listen({ port: 0, host: '127.0.0.1' }));
  const [a, b] = await Promise.all(ports);
  urls = [`http://127.0.0.1:${a}`, `http://127.0.0.1:${b}`];
});
afterEach(async () => {
  await Promise.all([here.close(), there.close()]);
});

const of = (tenant: string) => ({ ...ADMIN, 'x-omnisearch-tenant': tenant });

async function fill(tenant: string): Promise<void> {
  const rows = Array.from({ length: 5 }, (_, i) => ({ id: `p${i}`, title: 'x', category: 'Mice' }));
  await here.send('POST', '/products', rows, of(tenant));
}

/** What the job does that was asked for: none runs here. */
async function removeDropped(): Promise<void> {
  for (const tenant of here.drops.splice(0)) {
    while (!(await here.store.dropTenant(tenant, 100)));
    const stored = await here.store.records.get(TENANT_KIND, tenant);
    const record = movedRecord(stored?.value as unknown as TenantRecord);
    await here.store.records.put(TENANT_KIND, tenant, valueOf(record), stored?.revision ?? 0);
    here.directory.forget(tenant);
  }
}

class Died extends Error {}

/** The process dies at its `last`-th call to a deployment: before it is sent, or once it was done. */
function mortal(move: Move, last: number, isDone: boolean): Move {
  let calls = 0;
  const dying = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name);
        if (name === 'tenants') return dying(value as object);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          calls += 1;
          if (calls === last && !isDone) throw new Died();
          const result = (await value.apply(target, args)) as unknown;
          if (name === 'drop') await removeDropped();
          if (calls === last) throw new Died();
          return result;
        };
      },
    });
  return { ...move, from: dying(move.from), to: dying(move.to) };
}

function moveOf(tenant: string): Move {
  const to = new Deployment(urls[1], 'boss');
  // The search in front of this store counts no more than it lists.
  to.searchable = async () => (await there.store.usage(tenant)).products;
  return {
    ...{ tenant, name: 'acme', settleMs: 0, say: () => undefined },
    from: new Deployment(urls[0], 'boss'),
    to,
    route: async () => undefined,
  };
}

describe('a move of a tenant', () => {
  test('ends well wherever it died before, and is begun again', async () => {
    let died = 0;
    for (let last = 1; ; last++) {
      const tenant = `t${last}`;
      await fill(tenant);
      const move = moveOf(tenant);
      const first = await moveTenant(mortal(move, last, last % 2 === 0)).catch((error: unknown) => {
        if (!(error instanceof Died)) throw error;
        return 'died';
      });
      if (first === 'died') {
        died += 1;
        expect([last, await moveTenant(mortal(move, Infinity, false))]).toEqual([last, 'moved']);
      }
      expect((await there.store.usage(tenant)).products).toBe(5);
      expect(
        (await there.send('GET', `/tenants/${tenant}`, undefined, ADMIN)).json(),
      ).toMatchObject({ state: 'active' });
      expect((await here.store.usage(tenant)).products).toBe(0);
      if (first !== 'died') break;
    }
    expect(died).toBeGreaterThan(15);
  }, 120_000);

  test('waits for whoever routes by hand, and keeps what was written too late', async () => {
    await fill('shop');
    const move: Move = { ...moveOf('shop'), route: undefined };
    expect(await moveTenant(move)).toBe('switched');
    expect((await here.send('GET', '/products/p1', undefined, of('shop'))).statusCode).toBe(200);
    expect((await here.send('DELETE', '/products/p1', undefined, of('shop'))).statusCode).toBe(403);
    // Nobody may: it is forced.
    await here.store.write('shop', [{ op: 'delete', id: 'p1', feedVersion: undefined }]);
    await expect(moveTenant(move)).rejects.toThrow('1 rows were written here since');
    expect((await here.store.usage('shop')).products).toBe(4);
  });

  test('begins nothing where a tenant of that name is, or it is elsewhere already', async () => {
    await fill('shop');
    await there.send('PUT', '/tenants/shop', {}, ADMIN);
    await expect(moveTenant(moveOf('shop'))).rejects.toThrow('already, which is active');
    await expect(moveTenant(moveOf('none'))).rejects.toThrow('there is no tenant none');
    const deployment = { name: 'other', url: 'http://10.0.0.9:80' };
    await here.send('PUT', '/tenants/shop', { deployment }, ADMIN);
    await expect(moveTenant(moveOf('shop'))).rejects.toThrow('is at http://10.0.0.9:80 already');
  });

  test('of a suspended tenant moves it as that', async () => {
    await fill('shop');
    await here.send('PUT', '/tenants/shop', { state: 'suspended' }, ADMIN);
    const result: Moved = await moveTenant(mortal(moveOf('shop'), Infinity, false));
    expect(result).toBe('moved');
    expect((await there.send('GET', '/tenants/shop', undefined, ADMIN)).json()).toMatchObject({
      state: 'suspended',
    });
  });
});

const tenantAt = async (node: HttpHarness, tenant: string) => {
  const reply = await node.send('GET', `/tenants/${tenant}`, undefined, ADMIN);
  return reply.statusCode === 404 ? undefined : reply.json();
};

describe('before a move', () => {
  test('two addresses of one store are refused, and nothing is lost', async () => {
    await fill('shop');
    await here.send('PUT', '/tenants/shop', { state: 'read_only' }, ADMIN);
    const to = new Deployment(urls[0].replace('127.0.0.1', 'localhost'), 'boss');
    const onto = { ...moveOf('shop'), to };
    to.searchable = async () => 5;
    await expect(moveTenant(onto)).rejects.toThrow('have one store');
    await here.send('PUT', '/tenants/shop', { deployment: { name: 'x', url: to.url } }, ADMIN);
    await expect(moveTenant(onto)).rejects.toThrow('have one store');
    expect((await here.store.usage('shop')).products).toBe(5);
    expect(here.drops).toEqual([]);
  });

  test.each([
    ['another tenant has its alias', '/aliases/now', { tenant: 'other' }, 'now stands for'],
    ['another tenant has its name', '/aliases/shop', { tenant: 'other' }, 'shop stands for'],
    ['its alias is a tenant', '/tenants/now', {}, 'now, which stands for shop here, is a tenant'],
  ])('%s there: nothing is begun', async (_, path, body, message) => {
    await fill('shop');
    await here.send('PUT', '/aliases/now', { tenant: 'shop' }, ADMIN);
    await there.send('PUT', '/tenants/other', {}, ADMIN);
    expect((await there.send('PUT', path, body, ADMIN)).statusCode).toBeLessThan(300);
    await expect(moveTenant(moveOf('shop'))).rejects.toThrow(message);
    expect(await tenantAt(there, 'shop')).toBeUndefined();
    expect(await tenantAt(here, 'shop')).toMatchObject({ state: 'active', deployment: null });
  });

  test('products that nobody copied there are not taken for the half of a copy', async () => {
    await fill('shop');
    await there.send('POST', '/products', { id: 'own', title: 'x', category: 'y' }, of('shop'));
    await there.send('PUT', '/tenants/shop', { state: 'read_only' }, ADMIN);
    await expect(moveTenant(moveOf('shop'))).rejects.toThrow('with 1 products of its own');
    expect((await there.store.usage('shop')).products).toBe(1);
  });

  test('two deployments are not called alike', async () => {
    await fill('shop');
    const deployment = { name: 'acme', url: 'http://10.0.0.9:80' };
    await here.send('PUT', '/tenants/big', { deployment }, ADMIN);
    await expect(moveTenant(moveOf('shop'))).rejects.toThrow('the deployment acme, where big is');
    expect(await tenantAt(there, 'shop')).toBeUndefined();
    const hosts = ['a', 'b'].map((end) => `https://search.${'x'.repeat(60)}-${end}.example`);
    const names = hosts.map(nameOf);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^[a-z0-9_-]{1,64}$/);
  });

  test('a deployment that somebody only named is none that it is at', async () => {
    await fill('shop');
    const deployment = { name: 'acme', url: urls[1] };
    await here.send('PUT', '/tenants/shop', { deployment, state: 'suspended' }, ADMIN);
    await there.send('PUT', '/tenants/shop', { state: 'suspended' }, ADMIN);
    await expect(moveTenant(moveOf('shop'))).rejects.toThrow('already, which is suspended');
    await here.send('PUT', '/tenants/shop', { state: 'active' }, ADMIN);
    await there.send('PUT', '/tenants/shop', { state: 'read_only' }, ADMIN);
    expect(await moveTenant(mortal(moveOf('shop'), Infinity, false))).toBe('moved');
    expect(await tenantAt(there, 'shop')).toMatchObject({ state: 'active' });
    expect((await there.store.usage('shop')).products).toBe(5);
  });
});

describe('while a tenant is moved', () => {
  test('keys become as they are here last, and are changed there alone since', async () => {
    await fill('shop');
    await here.send('PUT', '/aliases/now', { tenant: 'shop' }, ADMIN);
    const made = async (body: object): Promise<Record<string, string>> => {
      const reply = await here.send('POST', '/keys', { kind: 'search', ...body }, ADMIN);
      return reply.json() as unknown as Record<string, string>;
    };
    const [disabled, rotated, gone, aliased, shared] = [
      await made({ tenants: ['shop'] }),
      await made({ tenants: ['shop'] }),
      await made({ tenants: ['shop'] }),
      await made({ tenants: ['now'] }),
      await made({ tenants: ['shop', 'other'] }),
    ];
    let late: Record<string, string> = {};
    let [newSecret, isFirst] = ['', true];
    const move = moveOf('shop');
    // The first copy is there by then.
    move.to.searchable = async () => {
      if (isFirst) {
        isFirst = false;
        const disabled_at = '2026-01-01T00:00:00Z';
        await here.send('PATCH', `/keys/${disabled['id']}`, { disabled_at }, ADMIN);
        const reply = await here.send('POST', `/keys/${rotated['id']}/rotate`, {}, ADMIN);
        newSecret = String(reply.json()['secret']);
        await here.send('DELETE', `/keys/${gone['id']}`, undefined, ADMIN);
      }
      return (await there.store.usage('shop')).products;
    };
    // What is made after the last rows were copied is not lost.
    const sum = move.from.sum.bind(move.from);
    move.from.sum = async (tenant) => {
      late = await made({ tenants: ['shop'] });
      return sum(tenant);
    };
    const refused: unknown[] = [];
    move.route = async () => {
      for (const [method, path, body] of [
        ['POST', '/keys', { kind: 'search', tenants: ['now'] }],
        ['PATCH', `/keys/${late['id']}`, { description: 'x' }],
        ['POST', `/keys/${late['id']}/rotate`, {}],
        ['DELETE', `/keys/${late['id']}`, undefined],
        ['PATCH', `/keys/${shared['id']}`, { description: 'x' }],
      ] as const) {
        refused.push((await here.send(method, path, body, ADMIN)).statusCode);
      }
    };
    expect(await moveTenant(mortal(move, Infinity, false))).toBe('moved');
    expect(refused).toEqual([409, 409, 409, 409, 200]);
    const { keys } = (await there.send('GET', '/keys', undefined, ADMIN)).json() as unknown as {
      keys: { id: string }[];
    };
    const kept = [disabled, rotated, aliased, late].map((key) => String(key['id']));
    expect(keys.map(({ id }) => id).sort()).toEqual(kept.sort());
    const status = async (secret: string | undefined, tenant = 'shop') => {
      const headers = { 'x-omnisearch-tenant': tenant, authorization: `Bearer ${secret}` };
      return (await there.send('GET', '/categories', undefined, headers)).statusCode;
    };
    expect([
      ...[await status(disabled['secret']), await status(gone['secret'])],
      ...[await status(newSecret), await status(rotated['secret'])],
      ...[await status(aliased['secret'], 'now'), await status(late['secret'])],
    ]).toEqual([401, 401, 200, 200, 200, 200]);
  });

  test('it is answered there once the last rows are found', async () => {
    await fill('shop');
    const move = moveOf('shop');
    const found: number[] = [];
    move.to.searchable = async () => {
      const { products } = await there.store.usage('shop');
      if (found.length === 0) {
        await here.send('POST', '/products', { id: 'p9', title: 'x', category: 'y' }, of('shop'));
      }
      found.push(products);
      return products;
    };
    expect(await moveTenant({ ...move, route: undefined })).toBe('switched');
    expect(found).toEqual([5, 6]);
  });

  test('rows that come late are seen behind pages that have none', async () => {
    await fill('shop');
    const move: Move = { ...moveOf('shop'), route: undefined };
    expect(await moveTenant(move)).toBe('switched');
    await here.store.write('shop', [{ op: 'delete', id: 'p1', feedVersion: undefined }]);
    const from = new Deployment(urls[0], 'boss');
    const page = from.export.bind(from);
    let pages = 0;
    from.export = async (tenant, after, parts) => {
      if (++pages > 1) return page(tenant, after, parts);
      return { text: '', rows: 0, position: String(after), atEnd: false };
    };
    await expect(moveTenant({ ...move, from })).rejects.toThrow('1 rows were written here since');
    expect((await here.store.usage('shop')).products).toBe(4);
  });

  test('its plan goes with it, but for where it is to be', async () => {
    await fill('shop');
    const deployment = { name: 'acme', url: urls[1] };
    await here.send('PUT', '/plans/whale', { price_month: 9, deployment }, ADMIN);
    await here.send('PUT', '/tenants/shop', { plan: 'whale' }, ADMIN);
    expect(await moveTenant({ ...moveOf('shop'), route: undefined })).toBe('switched');
    const plan = (await there.send('GET', '/plans/whale', undefined, ADMIN)).json();
    expect(plan).toMatchObject({ price_month: 9 });
    expect(plan).not.toHaveProperty('deployment');
  });
});

describe("the balancer's map", () => {
  const acme = { name: 'acme', url: 'https://[2001:db8::1]' };
  const beta = { name: 'beta', url: 'http://10.0.0.5:8080' };

  test('has tenants that are elsewhere, and their aliases', async () => {
    for (const id of ['a', 'b', 'c']) await here.send('PUT', `/tenants/${id}`, {}, ADMIN);
    await here.send('PUT', '/tenants/b', { deployment: beta }, ADMIN);
    await here.send('PUT', '/aliases/shop', { tenant: 'b' }, ADMIN);
    await here.send('PUT', '/aliases/other', { tenant: 'a' }, ADMIN);
    expect(await routedNames(new Deployment(urls[0], 'boss'))).toEqual([
      { name: 'b', deployment: beta },
      { name: 'shop', deployment: beta },
    ]);
  });

  test.each(['nginx', 'haproxy'] as const)(
    'of one deployment is not written over by another, %s',
    async (mapFor) => {
      const dir = mkdtempSync(join(tmpdir(), 'omnisearch-map-'));
      try {
        const out = join(dir, 'tenants.conf');
        await here.send('PUT', '/tenants/b', { deployment: beta }, ADMIN);
        await fill('shop');
        const [at, other] = urls.map((url) => new Deployment(url, 'boss'));
        for (let i = 0; i < 2; i++) await writeRoutes({ mapFor, out }, at as Deployment);
        const text = readFileSync(out, 'utf8');
        expect(text).toMatch(/\bb"? .*deployment-beta/);
        await expect(writeRoutes({ mapFor, out }, other as Deployment)).rejects.toThrow(
          'is the map of another deployment',
        );
        await there.send('POST', '/products', { id: 'a', title: 'x', category: 'y' }, of('back'));
        const config = { url: urls[1], to: urls[0], adminKey: 'boss', toAdminKey: 'boss' };
        const move = runMove({ ...config, out, mapFor, reload: 'true' }, 'back');
        await expect(move).rejects.toThrow('is the map of another deployment');
        expect(await tenantAt(here, 'back')).toBeUndefined();
        expect(readFileSync(out, 'utf8')).toBe(text);
      } finally {
        rmSync(dir, { recursive: true });
      }
    },
  );

  test('is said as nginx and HAProxy read it', () => {
    const names = [
      { name: 'a', deployment: acme },
      { name: 'b', deployment: beta },
    ];
    const nginx = nginxMap(names);
    expect(nginx).toContain('server [2001:db8::1]:443 ');
    expect(nginx).toContain('  "a" https://deployment-acme-readers;\n');
    expect(nginx).toContain('  "b" http://deployment-beta-writers;\n');
    expect(haproxyMap(names)).toMatch(/\na deployment-acme\nb deployment-beta\n$/);
    expect(haproxyBackends(names)).toContain('[2001:db8::1]:443 ssl verify required');
    const twice = [{ name: 'c', deployment: { ...beta, name: 'acme' } }];
    expect(() => nginxMap([...names, ...twice])).toThrow('the deployment acme is at');
  });
});
