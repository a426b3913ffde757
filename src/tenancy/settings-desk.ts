import type { JsonObject } from '../core/product.js';
import type { AuditLog } from './audit-log.js';
import type { TenantDirectory } from './tenant-directory.js';
import type { SettingsBody } from './tenant-settings.js';

/** Reads and changes settings for callers; what has to follow from a change is asked for here. */
export class SettingsDesk {
  constructor(
    private readonly tenants: Pick<TenantDirectory, 'readSettings' | 'changeSettings'>,
    /** Has the tenant's new terms serve once every shard has them. */
    private readonly requestSwitch: (tenant: string) => Promise<void>,
    private readonly audit: Pick<AuditLog, 'note'>,
  ) {}

  /** As they were asked for last. Rejects `not_found`. */
  read(tenant: string): Promise<SettingsBody> {
    return this.tenants.readSettings(tenant);
  }

  /**
   * Replaces them, absent members by their defaults; resolves with what holds then. The same again has
   * what was cut short asked for again. Rejects `not_found`, `unavailable`.
   */
  async change(
    tenant: string,
    asked: Partial<SettingsBody>,
    by: string | null,
  ): Promise<SettingsBody> {
    const before = toObject(await this.read(tenant));
    const after = toObject(asked);
    await this.audit.note(tenant, { by, kind: 'settings', target: tenant, before, after });
    const { settings, isSwitching } = await this.tenants.changeSettings(tenant, asked);
    if (isSwitching) await this.requestSwitch(tenant);
    return settings;
  }
}

function toObject(settings: Partial<SettingsBody>): JsonObject {
  return settings as unknown as JsonObject;
}
