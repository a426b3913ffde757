import type { JsonObject } from '../core/product.js';
import type { Deployment, Quotas } from './plan.js';
import type { SettingsRecord } from './tenant-settings.js';

/** A tenant as it is stored. */
export interface TenantRecord extends SettingsRecord {
  id: string;
  /**
   * `read_only`: nothing is written; `suspended`: all is kept, nothing is answered or written; `dropping`: what is there
   * goes; `moved`: all that it had is in its deployment.
   */
  state: 'active' | 'read_only' | 'suspended' | 'dropping' | 'moved';
  /** Where it is; absent: here. */
  deployment?: Deployment;
  /** Of one that is dropping: this record stays, and says where it is. */
  stays?: true;
  /** Of one that is dropping: keys are for it still, since it comes back. */
  keepsKeys?: true;
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

/** What is left of a tenant that has moved. */
export function movedRecord(record: TenantRecord): TenantRecord {
  return { ...withoutStay(record), state: 'moved', settings: {} };
}

/** Without what was asked for when it was dropped. */
export function withoutStay(record: TenantRecord): TenantRecord {
  const { stays, keepsKeys, ...rest } = record;
  return stays === undefined && keepsKeys === undefined ? record : rest;
}

/** As it is stored. */
export function valueOf(record: TenantRecord): JsonObject {
  return { ...record } as unknown as JsonObject;
}
