import { expect, test } from 'vitest';
import {
  KINDS_OF_TENANTS,
  removeTenantRecords,
  tenantRecordId,
  tenantRecords,
} from '../../src/store/tenant-records.js';
import { MemoryRecords } from '../tenancy/memory-records.js';

test("a tenant's records are listed by their own ids, and removed with it alone", async () => {
  const records = new MemoryRecords();
  const tenants = ['a', 'a-', 'a0', 'aa', 'b'];
  for (const tenant of tenants) {
    for (const kind of KINDS_OF_TENANTS) {
      for (const id of ['y/z', 'x', '0', 'é']) {
        await records.put(kind, tenantRecordId(tenant, id), {}, 0);
      }
    }
  }
  const ids = async (tenant: string, after?: string, limit = 10) =>
    (await tenantRecords(records, 'rule', tenant, after, limit)).map(({ id }) => id);
  expect(await ids('a')).toEqual(['0', 'x', 'y/z', 'é']);
  expect(await ids('a', 'x', 1)).toEqual(['y/z']);
  await removeTenantRecords(records, 'a', new AbortController().signal);
  for (const tenant of tenants) {
    for (const kind of KINDS_OF_TENANTS) {
      const left = await tenantRecords(records, kind, tenant, undefined, 10);
      expect([tenant, kind, left.length]).toEqual([tenant, kind, tenant === 'a' ? 0 : 4]);
    }
  }
});
