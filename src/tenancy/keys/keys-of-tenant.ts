import { invalidField, OmniError } from '../../core/errors.js';
import { TENANT_KIND, type RecordReader } from '../../store/record-store.js';
import { aliasesOf, tenantNamed } from '../tenant-aliases.js';
import type { TenantRecord } from '../tenant-record.js';
import type { KeyRecord } from './key-record.js';
import { checkTerms } from './key-terms.js';
import type { KeyVault } from './key-vault.js';

/** All names that keys may have for a tenant: its own, and those that stand for it. */
export async function namesOf(records: RecordReader, tenant: string): Promise<ReadonlySet<string>> {
  return new Set([tenant, ...(await aliasesOf(records, tenant))]);
}

/** Whether a key goes where a tenant goes: it is for nobody else, and no operator's. */
export async function goesWith(
  records: RecordReader,
  { kind, tenants }: KeyRecord,
  tenant: string,
): Promise<boolean> {
  if (kind === 'admin') return false;
  for (const name of tenants) if ((await tenantNamed(records, name)) !== tenant) return false;
  return true;
}

/** Rejects `invalid_field` for a key of another deployment that can not be taken over with the tenant. */
export async function checkTaken(
  records: RecordReader,
  vault: Pick<KeyVault, 'open'>,
  key: KeyRecord,
  tenant: string,
): Promise<void> {
  if (key.kind === 'admin') throw invalidField('key.kind', 'must be search or write');
  if (!(await goesWith(records, key, tenant))) {
    throw invalidField('key.tenants', `must be ${tenant} alone`);
  }
  try {
    for (const { signing, secret } of key.secrets) {
      for (const sealed of [signing, secret]) if (sealed) vault.open(sealed, key.id);
    }
  } catch {
    throw invalidField('key', 'must be sealed under the KEYS_SECRET of this server, or none');
  }
  checkTerms(key);
}

/**
 * Rejects `conflict` for a key that has gone elsewhere with its tenant: what became of it here would be lost with what is
 * left here.
 */
export async function requireHere(records: RecordReader, key: KeyRecord): Promise<void> {
  const [first] = key.tenants;
  if (first === undefined) return;
  const tenant = await tenantNamed(records, first);
  const stored = await records.get(TENANT_KIND, tenant);
  const { state, deployment } = (stored?.value ?? {}) as Partial<TenantRecord>;
  if (deployment === undefined || state === 'active') return;
  if (!(await goesWith(records, key, tenant))) return;
  const message = `the tenant ${tenant} is at ${deployment.url}: change its keys there`;
  throw new OmniError('conflict', message, { field: 'tenants' });
}
