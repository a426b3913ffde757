import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { invalidField, OmniError, RETRY_AFTER_MS } from '../../core/errors.js';
import type { JsonObject } from '../../core/product.js';
import type { RecordStore } from '../../store/record-store.js';
import type { AuditLog } from '../audit-log.js';
import { DEFAULT_TENANT } from '../tenant-directory.js';
import {
  KEY_KIND,
  PREFIX_KIND,
  prefixId,
  SECRET_KIND,
  type KeyDirectory,
} from './key-directory.js';
import {
  ALL,
  keyBody,
  type KeyBody,
  type KeyKind,
  type KeyRecord,
  type KeyTerms,
} from './key-record.js';
import { checkTerms, withChanges, withoutTenant, type KeyChanges } from './key-terms.js';
import { checkTaken, goesWith, namesOf, requireHere } from './keys-of-tenant.js';
import { newKeyId, newSecret, storedSecret } from './key-secrets.js';
import type { KeyVault } from './key-vault.js';

const MAX_ATTEMPTS = 5;
const PAGE_KEYS = 500;

/** What a new key is to be. */
export interface AskedKey extends Partial<KeyTerms> {
  kind: KeyKind;
  compatible?: boolean;
}

/** With its secret, which nobody is told again. */
export type SecretBody = KeyBody & { secret: string };

interface Deps {
  records: RecordStore;
  audit: Pick<AuditLog, 'note'>;
  vault: KeyVault;
  directory: Pick<KeyDirectory, 'changed'>;
}

/** Makes, shows and changes keys; other nodes go by a change within a second. */
export class KeyDesk {
  constructor(private readonly deps: Deps) {}

  /** Those after the one with the id `after`, by id. */
  async list(after: string | undefined, limit: number): Promise<KeyBody[]> {
    const found = await this.deps.records.list(KEY_KIND, after, limit);
    return found.map(({ value }) => keyBody(value as unknown as KeyRecord));
  }

  /** Rejects `not_found`. */
  async get(id: string): Promise<KeyBody> {
    const stored = await this.deps.records.get(KEY_KIND, id);
    if (stored === undefined) throw noSuchKey(id);
    return keyBody(stored.value as unknown as KeyRecord);
  }

  /** Rejects `invalid_field`, `conflict` for a key of a tenant that is elsewhere, as do all changes. */
  async create({ compatible, kind, ...terms }: AskedKey, by: string | null): Promise<SecretBody> {
    const secret = newSecret(kind, compatible === true);
    const own = { id: newKeyId(), kind, ...(compatible === true ? { compatible } : {}) };
    const record: KeyRecord = {
      ...own,
      tenants: kind === 'admin' ? [ALL] : [DEFAULT_TENANT],
      ...terms,
      generation: 1,
      created_at: new Date().toISOString(),
      secrets: [storedSecret(own, secret, this.deps.vault)],
    };
    checkTerms(record);
    await requireHere(this.deps.records, record);
    await this.introduce(record);
    await this.note(undefined, record, by);
    await this.put(record, 0);
    return { ...keyBody(record), secret };
  }

  /** Rejects `not_found`, `invalid_field`, `unavailable`. */
  async change(id: string, changes: KeyChanges, by: string | null): Promise<KeyBody> {
    const changed = await this.replace(id, by, async (record) => {
      const next = withChanges(record, changes);
      for (const one of [record, next]) await requireHere(this.deps.records, one);
      return next;
    });
    return keyBody(changed);
  }

  /**
   * Gives it another secret. The one that it had is accepted until `previousExpiresAt`, or without it until the next
   * rotation; so are browser keys that were made with it. Rejects `not_found`, `unavailable`.
   */
  async rotate(
    id: string,
    previousExpiresAt: string | undefined,
    by: string | null,
  ): Promise<SecretBody> {
    let secret = '';
    const changed = await this.replace(id, by, async (record) => {
      await requireHere(this.deps.records, record);
      secret = newSecret(record.kind, record.compatible === true);
      const [last] = record.secrets;
      const ends = previousExpiresAt === undefined ? {} : { expires_at: previousExpiresAt };
      const previous = last === undefined ? [] : [{ ...last, ...ends }];
      const next = {
        ...record,
        secrets: [storedSecret(record, secret, this.deps.vault), ...previous],
      };
      await this.introduce(next);
      return next;
    });
    return { ...keyBody(changed), secret };
  }

  /** Rejects `not_found`, `unavailable`. */
  async remove(id: string, by: string | null): Promise<void> {
    await this.replace(id, by, async (record) => {
      await requireHere(this.deps.records, record);
      return undefined;
    });
  }

  /**
   * As they are stored, all that are for this tenant alone, with what they are known by and sign with; but for those of
   * operators, who have others elsewhere. Says in the audit that they were told.
   */
  async recordsOf(tenant: string, by: string | null): Promise<KeyRecord[]> {
    const found: KeyRecord[] = [];
    for await (const record of this.keysOf(tenant)) found.push(record);
    if (found.length > 0) {
      const told = { before: undefined, after: { keys: found.map(({ id }) => id) } };
      await this.deps.audit.note(tenant, { by, kind: 'export of keys', target: tenant, ...told });
    }
    return found;
  }

  /**
   * Takes a key over from another deployment; one of its id that differs becomes as that is. Rejects `invalid_field` for one
   * that is not for this tenant alone, here too, is an operator's, or was sealed under another `KEYS_SECRET`, `unavailable`.
   */
  async adopt(record: KeyRecord, tenant: string, by: string | null): Promise<void> {
    const { records, vault, directory } = this.deps;
    await checkTaken(records, vault, record, tenant);
    const stored = await records.get(KEY_KIND, record.id);
    const before = stored?.value as unknown as KeyRecord | undefined;
    if (isDeepStrictEqual(before, record)) return;
    if (before !== undefined && !(await goesWith(records, before, tenant))) {
      throw invalidField('key.id', 'must be that of no key for others');
    }
    // The newest is found by its own hash as it was made; the one before it too.
    for (const one of record.secrets) await this.introduce({ ...record, secrets: [one] });
    await this.note(before, record, by);
    if (!(await this.put(record, stored?.revision ?? 0))) throw keptChanging();
    if (before === undefined) return;
    await this.forgetSecrets(before, record);
    directory.changed(before);
  }

  /** Removes keys for this tenant alone of which another deployment, where they were taken from, has none of that id. */
  async keepOnly(tenant: string, ids: readonly string[], by: string | null): Promise<void> {
    const kept = new Set(ids);
    for await (const { id } of this.keysOf(tenant)) {
      if (!kept.has(id)) await this.replace(id, by, () => undefined);
    }
  }

  /**
   * Takes a tenant that is dropped out of all keys: whoever makes one of its name later is not who had them. One that is
   * for nobody else ends. It is in the audit of the default tenant, since that of the dropped one goes. Does no harm where
   * it was done in part. Rejects `unavailable`.
   */
  async forgetTenant(tenant: string): Promise<void> {
    for await (const before of this.keysFor(new Set([tenant]))) {
      const after = withoutTenant(before, tenant);
      const bodies = { before: toObject(before), after: after && toObject(after) };
      const noted = { by: null, kind: 'key', target: before.id, ...bodies };
      await this.deps.audit.note(DEFAULT_TENANT, noted);
      await this.replace(before.id, null, (record) => withoutTenant(record, tenant));
    }
  }

  /** Those that go where the tenant goes. */
  private async *keysOf(tenant: string): AsyncGenerator<KeyRecord> {
    const { records } = this.deps;
    for await (const record of this.keysFor(await namesOf(records, tenant))) {
      if (await goesWith(records, record, tenant)) yield record;
    }
  }

  private async *keysFor(names: ReadonlySet<string>): AsyncGenerator<KeyRecord> {
    for (let after: string | undefined; ;) {
      const page = await this.deps.records.list(KEY_KIND, after, PAGE_KEYS);
      for (const { value } of page) {
        const record = value as unknown as KeyRecord;
        if (record.tenants.some((name) => names.has(name))) yield record;
      }
      if (page.length < PAGE_KEYS) return;
      after = page.at(-1)?.id;
      // Reads of some stores never leave the turn of the event loop that asks.
      await nextTurn();
    }
  }

  /** Compare-and-set; resolves with what was stored last. What secrets it has not any more are forgotten. */
  private async replace(
    id: string,
    by: string | null,
    next: (record: KeyRecord) => KeyRecord | undefined | Promise<KeyRecord | undefined>,
  ): Promise<KeyRecord> {
    const { records } = this.deps;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const stored = await records.get(KEY_KIND, id);
      if (stored === undefined) throw noSuchKey(id);
      const before = stored.value as unknown as KeyRecord;
      const after = await next(before);
      if (after !== undefined) checkTerms(after);
      await this.note(before, after, by);
      const isDone =
        after === undefined
          ? await records.remove(KEY_KIND, id, stored.revision)
          : await this.put(after, stored.revision);
      if (!isDone) {
        // A secret that was made for this was never told.
        if (after !== undefined) await this.forgetSecrets(after, before);
        continue;
      }
      await this.forgetSecrets(before, after);
      this.deps.directory.changed(before);
      return after ?? before;
    }
    throw keptChanging();
  }

  private async put(record: KeyRecord, revision: number): Promise<boolean> {
    const isDone = await this.deps.records.put(
      KEY_KIND,
      record.id,
      record as unknown as JsonObject,
      revision,
    );
    this.deps.directory.changed(record);
    return isDone;
  }

  /** Before the key itself: a secret that leads to no key lets nobody in. */
  private async introduce({ id, secrets }: KeyRecord): Promise<void> {
    const [first] = secrets;
    if (first === undefined) return;
    await this.deps.records.put(SECRET_KIND, first.hash, { key: id }, 0);
    if (first.prefix === undefined) return;
    await this.deps.records.put(PREFIX_KIND, prefixId(first.prefix, id), { key: id }, 0);
  }

  /** Those that `of` has and `kept` has not. */
  private async forgetSecrets(of: KeyRecord, kept: KeyRecord | undefined): Promise<void> {
    const hashes = new Set(kept?.secrets.map(({ hash }) => hash));
    const { records } = this.deps;
    for (const { hash, prefix } of of.secrets) {
      if (hashes.has(hash)) continue;
      await records.remove(SECRET_KIND, hash, 1);
      if (prefix !== undefined) await records.remove(PREFIX_KIND, prefixId(prefix, of.id), 1);
    }
  }

  /** In the audit of each tenant that it is for; of one for all tenants in that of the default one. */
  private async note(
    before: KeyRecord | undefined,
    after: KeyRecord | undefined,
    by: string | null,
  ): Promise<void> {
    const named = [before, after].flatMap((record) => record?.tenants ?? []);
    const tenants = new Set(named.map((name) => (name === ALL ? DEFAULT_TENANT : name)));
    const target = (after ?? before)?.id ?? '';
    const bodies = { before: before && toObject(before), after: after && toObject(after) };
    for (const tenant of tenants) {
      await this.deps.audit.note(tenant, { by, kind: 'key', target, ...bodies });
    }
  }
}

function toObject(record: KeyRecord): JsonObject {
  return keyBody(record) as unknown as JsonObject;
}

function keptChanging(): OmniError {
  const details = { retryAfterMs: RETRY_AFTER_MS };
  return new OmniError('unavailable', 'the key kept changing', details);
}

function noSuchKey(id: string): OmniError {
  return new OmniError('not_found', `there is no key ${id.slice(0, 64)}`, { field: 'id' });
}
