import { randomUUID } from 'node:crypto';
import { invalidField, type OmniError } from '../core/errors.js';
import { changeRecord } from '../store/change-record.js';
import type { RecordReader, RecordStore } from '../store/record-store.js';
import { tenantRecordId } from '../store/tenant-records.js';

const KIND = 'merchandising';
const ID = 'tally';
/** Nodes that write at the same time get ahead of each other. */
const MAX_ATTEMPTS = 20;

/** What a tenant's rules and synonyms come to: never less than there are, more where a writer died. */
export interface Tally {
  rules: number;
  synonyms: number;
  bytes: number;
}

/** Each refusal names the setting. */
export interface RuleLimits {
  maxRulesPerTenant: number;
  maxSynonymsPerTenant: number;
  /** Of both, as JSON. */
  maxRuleBytesPerTenant: number;
}

/** A tally whose state changes with every change of a rule or synonym, before it and after it. */
export interface StoredTally {
  state: string;
  /** There never was a rule. */
  isEmpty: boolean;
}

const NONE: Tally = { rules: 0, synonyms: 0, bytes: 0 };

export async function readTally(records: RecordReader, tenant: string): Promise<StoredTally> {
  const stored = await records.get(KIND, tenantRecordId(tenant, ID));
  if (stored === undefined) return { state: '', isEmpty: true };
  // A tally that is made again begins anew with its revisions.
  return { state: JSON.stringify([stored.value['made'], stored.revision]), isEmpty: false };
}

/** Announces a change, or that it is done. `add` is what it adds; past a bound it rejects `invalid_field`. */
export async function changeTally(
  records: RecordStore,
  tenant: string,
  add: Tally,
  limits: RuleLimits | undefined,
): Promise<void> {
  const id = tenantRecordId(tenant, ID);
  await changeRecord(
    records,
    { kind: KIND, id, what: 'the rules', attempts: MAX_ATTEMPTS },
    (stored) => {
      const { made = randomUUID(), ...before } = (stored?.value ?? NONE) as Partial<Tally> & {
        made?: string;
      };
      const tally = sum({ ...NONE, ...before }, add);
      if (limits !== undefined) checkLimits(tally, add, limits);
      return { made, ...tally };
    },
  );
}

function sum(a: Tally, b: Tally): Tally {
  return {
    rules: Math.max(0, a.rules + b.rules),
    synonyms: Math.max(0, a.synonyms + b.synonyms),
    bytes: Math.max(0, a.bytes + b.bytes),
  };
}

function checkLimits(tally: Tally, add: Tally, limits: RuleLimits): void {
  const { maxRulesPerTenant, maxSynonymsPerTenant, maxRuleBytesPerTenant } = limits;
  if (add.rules > 0 && tally.rules > maxRulesPerTenant) {
    throw beyond(`${maxRulesPerTenant} rules (MAX_RULES_PER_TENANT)`);
  }
  if (add.synonyms > 0 && tally.synonyms > maxSynonymsPerTenant) {
    throw beyond(`${maxSynonymsPerTenant} synonyms (MAX_SYNONYMS_PER_TENANT)`);
  }
  if (add.bytes > 0 && tally.bytes > maxRuleBytesPerTenant) {
    throw beyond(
      `${maxRuleBytesPerTenant} bytes of rules and synonyms (MAX_RULE_BYTES_PER_TENANT)`,
    );
  }
}

function beyond(bound: string): OmniError {
  return invalidField('id', `cannot be stored: the tenant is at its bound of ${bound}`);
}
