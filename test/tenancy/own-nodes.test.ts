import { expect, test } from 'vitest';
import { nodeWishes } from '../../src/tenancy/own-nodes.js';
import { TenantDirectory } from '../../src/tenancy/tenant-directory.js';
import { MemoryRecords } from './memory-records.js';

test('who is dropped, or has moved to another deployment, wishes for no nodes', async () => {
  const tenants = new TenantDirectory(new MemoryRecords(), true);
  const states = ['active', 'dropping', 'moved', 'read_only', 'suspended'] as const;
  for (const state of states) {
    await tenants.put(`is-${state}`, (record) => ({ ...record, plan: 'enterprise', state }));
  }
  const plans = { list: async () => [{ name: 'enterprise', shards: 2 }] };
  const wish = { count: 2, named: [] };
  expect(await nodeWishes(tenants, plans)).toEqual([
    { tenant: 'is-active', ...wish },
    { tenant: 'is-read_only', ...wish },
    { tenant: 'is-suspended', ...wish },
  ]);
});
