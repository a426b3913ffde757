import type { Config } from '../config/settings.js';
import type { Logger } from '../core/logger.js';
import type { InsightPort } from '../http/ports.js';
import { KeptRuleBooks } from '../merchandising/kept-rule-books.js';
import { QueryDays } from '../merchandising/query-days.js';
import { QueryLog } from '../merchandising/query-log.js';
import { RuleDesk } from '../merchandising/rule-desk.js';
import { Suggestions } from '../merchandising/suggestions.js';
import { RulePreview } from '../search/preview-rules.js';
import type { Store } from '../store/store.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import { TenantAliases } from '../tenancy/tenant-aliases.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { OpenedRedis } from './open-redis.js';
import type { Opened } from './run-role.js';

interface ShopParts {
  store: Store;
  tenants: TenantDirectory;
  audit: AuditLog;
  config: Config;
  logger: Logger;
  opened: Opened;
  redis: OpenedRedis;
  /** Told of a tenant, or an alias, whose answers are others from now on. */
  onChange: (tenant: string) => void;
}

/** What a shop's team says of its answers, who changed it, and what shoppers do. */
export function openShop({ store, tenants, audit, config, logger, ...parts }: ShopParts) {
  const { onChange } = parts;
  const { records } = store;
  const settings = async (tenant: string) => (await tenants.settings(tenant)).text;
  const books = new KeptRuleBooks({ records, settings, logger });
  const insight = openInsight({ store, config, logger, ...parts });
  const forget = (tenant: string) => {
    books.forget(tenant);
    onChange(tenant);
  };
  return {
    ...{ books, insight },
    rules: new RuleDesk({ records, limits: config, audit, forget }),
    preview: new RulePreview({ books, queries: insight.days }),
    aliases: new TenantAliases({ records, tenants, audit, onChange }),
  };
}

/** What shoppers ask for, counted and told. */
function openInsight({
  store,
  config,
  logger,
  opened,
  redis,
}: Omit<ShopParts, 'tenants' | 'audit' | 'onChange'>): InsightPort & { log: QueryLog } {
  const log = new QueryLog({ records: store.records, logger });
  opened.add(() => log.close());
  const shared = redis.values('analytics', config.redisAnalyticsTtlMs, store.storeId);
  const days = new QueryDays(store.records, log, undefined, shared);
  return { log, days, suggestions: new Suggestions({ days, store }) };
}
