import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { haproxyBackends, haproxyMap, nginxMap } from '../../src/balancer/tenant-map.js';
import { Deployment } from '../../src/cli/move/deployment.js';
import type { Move } from '../../src/cli/move/move.js';
import { nameOf } from '../../src/cli/move/move-command.js';
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
