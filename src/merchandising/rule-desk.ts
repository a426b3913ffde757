import { OmniError, RETRY_AFTER_MS } from '../core/errors.js';
import { KeyedTurns } from '../core/keyed-turns.js';
import type { JsonObject } from '../core/product.js';
import type { RecordStore, StoredRecord } from '../store/record-store.js';
import { tenantRecordId, tenantRecords } from '../store/tenant-records.js';
import { parseRule } from './parse-rule.js';
import { changeTally, type RuleLimits, type Tally } from './rule-tally.js';
import type { RuleBody } from './rule.js';
import { checkSynonym, type SynonymBody } from './synonyms.js';

/** What there is of each tenant. */
interface Bodies {
  rule: RuleBody;
  synonym: SynonymBody;
}
export type MerchandiseKind = keyof Bodies;

/** Who changes what; `before` and `after` undefined: it was not there, or is not any more. */
interface Change {
  /** Name of a key; null: none was needed. */
  by: string | null;
  kind: string;
  /** What of that kind. */
  target: string;
  before: JsonObject | undefined;
  after: JsonObject | undefined;
}

interface Deps {
  records: RecordStore;
  limits: RuleLimits;
  audit: { note(tenant: string, change: Change): Promise<void> };
  /** This node's view of the tenant's rules is not enough any more. */
  forget: (tenant: string) => void;
}

const MAX_ATTEMPTS = 5;

/**
 * Reads and changes rules and synonyms for callers, on other nodes within a second. A change is announced in the
 * tenant's tally before it is made and after it, so that no node goes on without it, wherever its writer
 * dies; its entry in the audit is there before it is made.
 */
export class RuleDesk {
  private readonly turns = new KeyedTurns();

  constructor(private readonly deps: Deps) {}

  /** Those after the one called `after`, by id in byte order. */
  async list<K extends MerchandiseKind>(
    kind: K,
    tenant: string,
    after: string | undefined,
    limit: number,
  ): Promise<Bodies[K][]> {
    const found = await tenantRecords(this.deps.records, kind, tenant, after, limit);
    return found.map(({ value }) => value as unknown as Bodies[K]);
  }

  /** Rejects `not_found`. */
  async get<K extends MerchandiseKind>(kind: K, tenant: string, id: string): Promise<Bodies[K]> {
    const stored = await this.read(kind, tenant, id);
    if (stored === undefined) throw noSuch(kind, id);
    return stored.value as unknown as Bodies[K];
  }

  /**
   * Replaces what has the body's id, or makes it. Rejects `invalid_field` for what cannot be right, or goes
   * past a bound.
   */
  async put<K extends MerchandiseKind>(
    kind: K,
    tenant: string,
    body: Bodies[K],
    by: string | null,
  ): Promise<void> {
    if ('when' in body) parseRule(body);
    else checkSynonym(body);
    const { id } = body;
    const after = body as unknown as JsonObject;
    await this.turns.run(tenant, () => this.change(kind, tenant, id, after, by));
  }

  /** Rejects `not_found`. */
  async remove(
    kind: MerchandiseKind,
    tenant: string,
    id: string,
    by: string | null,
  ): Promise<void> {
    await this.turns.run(tenant, () => this.change(kind, tenant, id, undefined, by));
  }

  private async change(
    kind: MerchandiseKind,
    tenant: string,
    id: string,
    after: JsonObject | undefined,
    by: string | null,
  ): Promise<void> {
    const { records, limits, audit } = this.deps;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const stored = await this.read(kind, tenant, id);
      const before = stored?.value;
      if (after === undefined && before === undefined) throw noSuch(kind, id);
      const more = difference(kind, before, after);
      await changeTally(records, tenant, beforeIt(more), limits);
      await audit.note(tenant, { by, kind, target: id, before, after });
      const recordId = tenantRecordId(tenant, id);
      const revision = stored?.revision ?? 0;
      const isDone =
        after === undefined
          ? await records.remove(kind, recordId, revision)
          : await records.put(kind, recordId, after, revision);
      await changeTally(records, tenant, afterIt(more, isDone), undefined);
      this.deps.forget(tenant);
      if (isDone) return;
    }
    const details = { retryAfterMs: RETRY_AFTER_MS };
    throw new OmniError('unavailable', `the ${kind} kept changing`, details);
  }

  private read(
    kind: MerchandiseKind,
    tenant: string,
    id: string,
  ): Promise<StoredRecord | undefined> {
    return this.deps.records.get(kind, tenantRecordId(tenant, id));
  }
}

function noSuch(kind: MerchandiseKind, id: string): OmniError {
  return new OmniError('not_found', `there is no ${kind} ${id}`, { field: 'id' });
}

function difference(
  kind: MerchandiseKind,
  before: JsonObject | undefined,
  after: JsonObject | undefined,
): Tally {
  const count = (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
  return {
    rules: kind === 'rule' ? count : 0,
    synonyms: kind === 'synonym' ? count : 0,
    bytes: bytesOf(after) - bytesOf(before),
  };
}

function bytesOf(body: JsonObject | undefined): number {
  return body === undefined ? 0 : Buffer.byteLength(JSON.stringify(body));
}

/** What is added is counted before it is there, what goes only once it is gone. */
function beforeIt(more: Tally): Tally {
  return each(more, (n) => Math.max(0, n));
}

function afterIt(more: Tally, isDone: boolean): Tally {
  return each(more, (n) => (isDone ? Math.min(0, n) : -Math.max(0, n)));
}

function each({ rules, synonyms, bytes }: Tally, of: (n: number) => number): Tally {
  return { rules: of(rules), synonyms: of(synonyms), bytes: of(bytes) };
}
