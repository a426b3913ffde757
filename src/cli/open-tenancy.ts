import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import type { JobRunner } from '../jobs/job-runner.js';
import { removeTenant, requestRemoval } from '../jobs/remove-tenant.js';
import { SWITCH_TERMS } from '../jobs/switch-terms.js';
import type { RedisConnection } from '../redis/redis.js';
import type { Store } from '../store/store.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import { CollectionSchemas } from '../tenancy/collection-schemas.js';
import type { OwnNodesPort } from '../tenancy/own-nodes.js';
import { FoundLog } from '../tenancy/found-log.js';
import { PlanBook } from '../tenancy/plan-book.js';
import { SettingsDesk } from '../tenancy/settings-desk.js';
import { TenantDesk } from '../tenancy/tenant-desk.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { RateLimits } from '../tenancy/rate-limits.js';
import { UsageMeter } from '../tenancy/usage-meter.js';
import { UsageReports } from '../tenancy/usage-report.js';
import type { Opened } from './run-role.js';

interface TenancyParts {
  store: Store;
  tenants: TenantDirectory;
  audit: AuditLog;
  config: Pick<Config, 'costGbMonth' | 'replicas' | 'regionOf'>;
  /** Undefined: each node counts by itself. */
  redis: RedisConnection | undefined;
  logger: Logger;
  opened: Opened;
  ownNodes: OwnNodesPort;
}

/** What tenants may, and what they use of it. */
export function openTenancy({ config, redis, logger, opened, ...parts }: TenancyParts) {
  const { store, tenants, audit, ownNodes } = parts;
  const { costGbMonth, replicas, regionOf } = config;
  const onShards = () => ownNodes.changed();
  const plans = new PlanBook({ records: store.records, tenants, audit, onShards });
  const meter = new UsageMeter({ store, logger });
  opened.add(() => meter.close());
  // A region has no rule of its own to go by it, and its primary does not hear of it.
  const found =
    regionOf === undefined ? new FoundLog({ records: store.records, tenants, logger }) : undefined;
  opened.add(() => found?.close());
  const rates = new RateLimits(redis);
  const usage = new UsageReports({ store, tenants, plans, meter, costGbMonth, replicas });
  return { plans, meter, usage, found, rates };
}

interface DeskParts {
  store: Store;
  tenants: TenantDirectory;
  plans: PlanBook;
  audit: AuditLog;
  jobs: JobRunner;
  ownNodes: OwnNodesPort;
}

/** Where tenants, their settings and schemas are changed; what takes longer is asked of `jobs`. */
export function openTenantDesks({ store, tenants, plans, audit, jobs, ownNodes }: DeskParts) {
  const { records } = store;
  const requestSwitch = (tenant: string) => jobs.request(SWITCH_TERMS, tenant);
  const requestDrop = (tenant: string) => requestRemoval(jobs, tenant);
  const settings = new SettingsDesk(tenants, requestSwitch, audit);
  const collections = new CollectionSchemas(records);
  return {
    ...{ settings, collections },
    tenantDesk: new TenantDesk({
      ...{ tenants, plans, settings, collections, store, audit, requestDrop, ownNodes },
    }),
    dropTenant: (tenant: string) => removeTenant({ records, tenants, jobs }, tenant),
  };
}
