import type { JsonObject } from '../core/product.js';
import type { Quotas } from './plan.js';
import type { SettingsRecord } from './tenant-settings.js';

/** A tenant as it is stored. */
export interface TenantRecord extends SettingsRecord {
  id: string;
  /** `suspended`: all is kept, nothing is answered or written; `dropping`: what is there goes. */
  state: 'active' | 'suspended' | 'dropping';
  /** Name of its plan; without one it is unlimited. */
  plan?: string;
  /** Of its own, in place of the plan's. */
  limits: Quotas;
  /** RFC 3339. */
  created_at: string;
}

/** Of a tenant that comes just now. */
export function newRecord(id: string): TenantRecord {
  const created_at = new Date().toISOString();
  return { id, state: 'active', settings: {}, limits: {}, created_at };
}

/** As it is stored. */
export function valueOf(record: TenantRecord): JsonObject {
  return { ...record } as unknown as JsonObject;
}
