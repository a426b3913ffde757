import { invalidField } from '../core/errors.js';
import { changeRecord } from '../store/change-record.js';
import type { Position, StoreReader } from '../store/store.js';
import { tenantRecordId } from '../store/tenant-records.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import { digestPage, exportPage, type DigestPage, type ExportPage } from './export-tenant.js';
import { importRows, notForImports } from './import-tenant.js';
import type { IngestDeps } from './ports.js';
import type { TransferredRow } from './transfer-row.js';

const KIND = 'import';
const ID = 'position';
const MAX_ATTEMPTS = 5;
const POSITION = /^[A-Za-z0-9_-]{1,2000}$/;

interface Deps extends Pick<IngestDeps, 'model' | 'placement' | 'fleet'> {
  store: IngestDeps['store'] & StoreReader;
  tenants: Pick<TenantDirectory, 'read'>;
  priceLists: Pick<PriceLists, 'numbers' | 'ensure' | 'find'>;
}

/**
 * Takes a tenant's catalogue out of this store and into it, as it is: vectors, hashes and prices of lists included. A
 * place in the export of one store is opaque to the other, which keeps it with what it has taken, so that whoever
 * copies can die and be begun again.
 */
export class TenantTransfer {
  constructor(private readonly deps: Deps) {}

  /** Length of a vector. */
  get dimensions(): number {
    return this.deps.model.dimensions;
  }

  /** See `exportPage`. Rejects `invalid_field` for what is no position. */
  page(
    tenant: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<ExportPage | undefined> {
    return exportPage(this.deps, tenant, positionOf(after), signal);
  }

  /** See `digestPage`. Rejects `invalid_field` for what is no position. */
  digest(
    tenant: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<DigestPage | undefined> {
    return digestPage(this.deps, tenant, positionOf(after), signal);
  }

  /** Where the export is to go on of which all until then is here; undefined: nothing is. */
  async imported(tenant: string): Promise<string | undefined> {
    const stored = await this.deps.store.records.get(KIND, tenantRecordId(tenant, ID));
    return stored?.value['position'] as string | undefined;
  }

  /** Rejects `conflict` where others may write to the tenant. */
  async checkImportable(tenant: string): Promise<void> {
    const record = await this.deps.tenants.read(tenant);
    if (record?.state !== 'suspended' && record?.state !== 'read_only') throw notForImports(tenant);
  }

  /** Writes rows in order; `lists`: price lists that there are to be. Rejects as `importRows` does. */
  async import(
    tenant: string,
    rows: readonly TransferredRow[],
    lists: readonly string[],
  ): Promise<void> {
    for (const name of lists) {
      if ((await this.deps.priceLists.find(tenant, name)) === undefined) {
        await this.deps.priceLists.ensure(tenant, name);
      }
    }
    await importRows(this.deps, tenant, rows);
  }

  /** All until there is here. Rejects `invalid_field` for what is no position. */
  async keepPosition(tenant: string, position: string): Promise<void> {
    positionOf(position);
    const id = tenantRecordId(tenant, ID);
    const at = { kind: KIND, id, what: 'the import', attempts: MAX_ATTEMPTS };
    await changeRecord(this.deps.store.records, at, () => ({ position }));
  }
}

/** A place in an export, on the wire. */
export function positionText(position: Position): string {
  return Buffer.from(position).toString('base64url');
}

/** Throws `invalid_field`. What another store gave is told by that store. */
function positionOf(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined;
  if (POSITION.test(text)) return Buffer.from(text, 'base64url');
  throw invalidField('after', 'must be the position of an export');
}
