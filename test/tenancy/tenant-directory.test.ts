import { describe, expect, test } from 'vitest';
import { TENANT_HEADER, TenantDirectory, tenantName } from '../../src/tenancy/tenant-directory.js';
import { MemoryRecords } from './memory-records.js';

function open(autoCreate = true) {
  const clock = { ms: 0 };
  const records = new MemoryRecords();
  const node = () => new TenantDirectory(records, autoCreate, () => clock.ms);
  return { clock, records, node };
}

const unknown = { code: 'not_found', field: TENANT_HEADER };

describe('a tenant', () => {
  test('is there from its first product on, on every node within a second', async () => {
    const { clock, node } = open();
    const [a, b] = [node(), node()];
    await expect(a.require('shop')).rejects.toMatchObject(unknown);
    await expect(b.require('shop')).rejects.toMatchObject(unknown);
    await a.ensure('shop');
    await a.require('shop');
    clock.ms += 1_000;
    await b.require('shop');
    expect(await b.find('shop')).toMatchObject({ id: 'shop', state: 'active', limits: {} });
  });

  test('is made once by nodes that see its first products at the same time', async () => {
    const { records, node } = open();
    await Promise.all(Array.from({ length: 8 }, () => node().ensure('shop')));
    expect(await records.list('tenant')).toMatchObject([{ id: 'shop', revision: 1 }]);
  });

  test('that is not there costs one read a second, and makes nothing', async () => {
    const { clock, records, node } = open();
    const a = node();
    for (let i = 0; i < 100; i++) await expect(a.require('nobody')).rejects.toMatchObject(unknown);
    expect(records.reads).toBe(1);
    clock.ms += 1_000;
    await expect(a.require('nobody')).rejects.toMatchObject(unknown);
    expect(records.reads).toBe(2);
    expect(await records.list('tenant')).toEqual([]);
  });

  test('that is known goes on being known while the store does not answer, which is asked once', async () => {
    const { clock, records, node } = open();
    const a = node();
    await a.ensure('shop');
    clock.ms += 1_000;
    const reads = records.reads;
    let answer = (): void => undefined;
    const get = records.get.bind(records);
    records.get = async (...args) => {
      records.reads += 1;
      await new Promise<void>((resolve) => (answer = resolve));
      return get(...args);
    };
    await Promise.all([a.require('shop'), a.require('shop'), a.require('shop')]);
    expect(records.reads).toBe(reads + 1);
    await expect(a.require('other')).rejects.toMatchObject({ code: 'unavailable' });
    answer();
  });

  test('is not made by a product where that is switched off; the default one is', async () => {
    const { node } = open(false);
    await expect(node().ensure('shop')).rejects.toMatchObject(unknown);
    await node().ensure('default');
    await node().require('default');
  });

  test('that is being dropped takes no more products, on every node within a second', async () => {
    const { clock, records, node } = open();
    const [a, b] = [node(), node()];
    await a.ensure('shop');
    await b.ensure('shop');
    const { value, revision } = (await records.get('tenant', 'shop'))!;
    await records.put('tenant', 'shop', { ...value, state: 'dropping' }, revision);
    clock.ms += 1_000;
    await expect(a.ensure('shop')).rejects.toMatchObject(unknown);
    await expect(b.ensure('shop')).rejects.toMatchObject(unknown);
    await expect(b.require('shop')).rejects.toMatchObject(unknown);
  });

  test('that somebody else changed is read again, and goes on being known where it cannot be', async () => {
    const { records, node } = open();
    const [a, b] = [node(), node()];
    await expect(b.require('shop')).rejects.toMatchObject(unknown);
    await a.ensure('shop');
    b.expire('shop');
    await b.require('shop');
    b.expire('shop');
    records.get = () => Promise.reject(new Error('away'));
    await b.require('shop');
  });

  test('the default one is there though nothing was written to it', async () => {
    await open().node().require('default');
  });
});

test('the name of a tenant is a short word of few characters', () => {
  expect(tenantName(undefined)).toBe('default');
  expect(tenantName('a_shop-2')).toBe('a_shop-2');
  for (const name of ['', 'Shop', 'a b', 'a/b', 'é', 'x'.repeat(65), ['a', 'b']]) {
    expect(() => tenantName(name)).toThrow(TENANT_HEADER);
  }
});
