import { beforeEach, expect, test } from 'vitest';
import { TenantAliases } from '../../src/tenancy/tenant-aliases.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { MemoryRecords } from './memory-records.js';

let records: MemoryRecords;
let nowMs: number;
beforeEach(() => {
  records = new MemoryRecords();
  nowMs = 0;
});

function node() {
  const tenants = new TenantDirectory(records, true, () => nowMs);
  const audit = { note: async () => undefined };
  return { tenants, aliases: new TenantAliases({ records, tenants, audit, now: () => nowMs }) };
}

test('an alias holds at once where it is made or moved, within a second elsewhere', async () => {
  const [here, there] = [node(), node()];
  for (const name of ['a', 'b']) await here.tenants.ensure(name);
  expect(await there.aliases.resolve('shop')).toBe('shop');
  await here.aliases.put('shop', 'a', null);
  expect(await here.aliases.resolve('shop')).toBe('a');
  expect(await there.aliases.resolve('shop')).toBe('shop');
  nowMs += 1_000;
  expect(await there.aliases.resolve('shop')).toBe('a');
  await here.aliases.put('shop', 'b', null);
  nowMs += 1_000;
  expect(await there.aliases.resolve('shop')).toBe('b');
  await here.aliases.remove('shop', null);
  expect(await here.aliases.resolve('shop')).toBe('shop');
  nowMs += 1_000;
  expect(await there.aliases.resolve('shop')).toBe('shop');
});

test('two reads a second are the most that an alias costs, and none the default tenant', async () => {
  const { tenants, aliases } = node();
  await tenants.ensure('a');
  await aliases.put('shop', 'a', null);
  nowMs += 1_000;
  const before = records.reads;
  for (let i = 0; i < 100; i++) expect(await aliases.resolve('shop')).toBe('a');
  expect(records.reads - before).toBe(2);
  for (let i = 0; i < 100; i++) expect(await aliases.resolve('default')).toBe('default');
  expect(records.reads - before).toBe(2);
});

test('a tenant goes before an alias of its name', async () => {
  const { tenants, aliases } = node();
  for (const name of ['a', 'shop']) await tenants.ensure(name);
  await records.put('alias', 'shop', { tenant: 'a' }, 0);
  expect(await aliases.resolve('shop')).toBe('shop');
});

test('what is known stands while the store does not tell', async () => {
  const { tenants, aliases } = node();
  await tenants.ensure('a');
  await aliases.put('shop', 'a', null);
  expect(await aliases.resolve('shop')).toBe('a');
  records.get = async () => {
    throw new Error('away');
  };
  nowMs += 1_000;
  expect(await aliases.resolve('shop')).toBe('a');
  await expect(aliases.resolve('other')).rejects.toMatchObject({ code: 'unavailable' });
});

test('a tenant that is being dropped takes no alias', async () => {
  const { aliases } = node();
  await records.put('tenant', 'a', { id: 'a', state: 'dropping' }, 0);
  await expect(aliases.put('shop', 'a', null)).rejects.toMatchObject({ code: 'not_found' });
});
