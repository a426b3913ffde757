import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '../core/deadline.js';
import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { TENANT_KIND, type RecordReader } from '../store/record-store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { JobRunner } from './job-runner.js';
import { DROP_TENANT } from './kinds.js';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

interface RemovalDeps {
  records: RecordReader;
  tenants: Pick<TenantDirectory, 'drop' | 'forget'>;
  jobs: Pick<JobRunner, 'request' | 'tick'>;
}

/** Has all that a tenant has removed, which must be marked as dropping; a node that dies is replaced by another. */
export async function requestRemoval(jobs: RemovalDeps['jobs'], tenant: string): Promise<void> {
  await jobs.request(DROP_TENANT, tenant);
  await jobs.tick();
}

/**
 * Removes a tenant and all that it has, and waits until its name is free again. Rejects `unavailable`
 * where that takes longer: it goes on, and nothing is found or written meanwhile.
 */
export async function removeTenant(
  { records, tenants, jobs }: RemovalDeps,
  tenant: string,
): Promise<void> {
  await tenants.drop(tenant);
  await requestRemoval(jobs, tenant);
  const deadline = Deadline.after(PATIENCE_MS);
  while ((await records.get(TENANT_KIND, tenant)) !== undefined) {
    if (deadline.expired) {
      const message = 'the collection is still being removed: ask again';
      throw new OmniError('unavailable', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    await sleep(PAUSE_MS);
  }
  tenants.forget(tenant);
}
