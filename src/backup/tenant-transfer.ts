import { invalidField, OmniError } from '../core/errors.js';
import { NO_PRICES, withEntry } from '../core/price-entries.js';
import { PatientSlices } from '../core/slices.js';
import { changeRecord } from '../store/change-record.js';
import { CatalogueDigest } from '../store/digest.js';
import { beginReading } from '../store/feed-pages.js';
import type { Position, Store } from '../store/store.js';
import { tenantRecordId } from '../store/tenant-records.js';
import type { HandoverDesk } from '../tenancy/handover-desk.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { CopiedPut, CopiedRow, CopyWriter } from './copy-writer.js';
import { storedPieces, type StoredPiece } from './stored-pieces.js';
import { namedPrices, productLine, type NamedPrices } from './transfer-lines.js';

const KIND = 'import';
const ID = 'position';
const MAX_ATTEMPTS = 5;
const POSITION = /^[A-Za-z0-9_-]{1,2000}$/;

interface Deps {
  store: Store;
  /** Of the vectors that this node makes and compares. */
  model: { fingerprint: string; dimensions: number };
  tenants: Pick<TenantDirectory, 'read'>;
  priceLists: Pick<PriceLists, 'numbers' | 'ensure' | 'find'>;
  rows: Pick<CopyWriter, 'write'>;
  handover: Pick<HandoverDesk, 'isFilledBy'>;
}

/** Where an export goes on, and whether there was more when it was read. */
interface Cut {
  position: string;
  atEnd: boolean;
}

interface ExportPage extends Cut {
  /** JSON, of products and deletes. */
  lines: string[];
  /** Names of all price lists. */
  priceLists: string[];
}

/** What a part of a catalogue holds, whatever the order: the sums of all parts are those of the whole. */
interface DigestPage extends Cut {
  products: number;
  /** Products that are archived, and so in no sum. */
  archived: number;
  /** See `CatalogueDigest`. */
  hex: string;
}

/** A row of an export; lists by name. */
export type TransferredRow =
  (Omit<CopiedPut, 'prices'> & { prices: NamedPrices }) | Extract<CopiedRow, { op: 'delete' }>;

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

  /**
   * A tenant's catalogue behind `after` (undefined: from its start) with all that is stored of it. Each product comes at its
   * latest version alone; whoever goes on from where the last page ended hears of all that was written since. Rejects
   * `invalid_field` for what is no position, `conflict` where deletes were forgotten since, so that the copy is to be begun anew, or a product
   * is damaged.
   */
  async page(tenant: string, after: string | undefined, signal: AbortSignal): Promise<ExportPage> {
    const lines: string[] = [];
    const slices = new PatientSlices(signal);
    let names: ReadonlyMap<number, string> = new Map();
    const cut = await this.read(tenant, after, signal, async ({ rows, deleted }) => {
      names = await this.listNames(tenant);
      for (const { id, feedVersion: version } of deleted) {
        lines.push(JSON.stringify({ op: 'delete', id, version }));
      }
      for (const row of rows) {
        if (slices.isOver) await slices.next();
        lines.push(productLine(row, names));
      }
    });
    return { lines, ...cut, priceLists: [...names.values()] };
  }

  /** The digest of the same. Rejects as `page` does. */
  async digest(
    tenant: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<DigestPage> {
    const digest = new CatalogueDigest();
    let archived = 0;
    const slices = new PatientSlices(signal);
    const cut = await this.read(tenant, after, signal, async ({ rows, deleted }) => {
      archived += deleted.filter(({ archive }) => archive !== undefined).length;
      const names = await this.listNames(tenant);
      for (const { row, head } of rows) {
        if (slices.isOver) await slices.next();
        const listed = namedPrices(row.prices, names);
        digest.add(row, head, listed && JSON.stringify(listed));
      }
    });
    const { products, hex } = digest;
    return { products, archived, hex, ...cut };
  }

  /** Where the export is to go on of which all until then is here; undefined: nothing is. */
  async imported(tenant: string): Promise<string | undefined> {
    const stored = await this.deps.store.records.get(KIND, tenantRecordId(tenant, ID));
    return stored?.value['position'] as string | undefined;
  }

  /**
   * Rejects `conflict` where others may write to the tenant.
   *
   * @param walker of the handover that says that it fills this installation
   */
  async checkImportable(tenant: string, walker: string | undefined): Promise<void> {
    if (walker !== undefined && (await this.deps.handover.isFilledBy(walker))) return;
    const record = await this.deps.tenants.read(tenant);
    if (record?.state === 'suspended' || record?.state === 'read_only') return;
    const message = `the tenant ${tenant} must be suspended or read_only while it is imported to`;
    throw new OmniError('conflict', message, { field: 'id' });
  }

  /**
   * Writes rows in order; `lists`: price lists that there are to be. Rejects `invalid_field` for vectors of another model,
   * and as `CopyWriter` does.
   */
  async import(
    tenant: string,
    rows: readonly TransferredRow[],
    lists: readonly string[],
  ): Promise<void> {
    const { model, priceLists } = this.deps;
    for (const row of rows) {
      if (row.op === 'delete' || row.model === model.fingerprint) continue;
      const expected = `must be the fingerprint of this server's model, ${model.fingerprint}`;
      throw invalidField('model', `${expected}: vectors of two models are never compared`);
    }
    const said = rows.flatMap((row) => (row.op === 'put' ? Object.keys(row.prices) : []));
    const numbers = new Map<string, number>();
    for (const name of new Set([...lists, ...said])) {
      const number = await priceLists.find(tenant, name);
      numbers.set(name, number ?? (await priceLists.ensure(tenant, name)));
    }
    await this.deps.rows.write(
      tenant,
      rows.map((row) => (row.op === 'put' ? { ...row, prices: packed(row.prices, numbers) } : row)),
    );
  }

  /** All until there is here. Rejects `invalid_field` for what is no position. */
  async keepPosition(tenant: string, position: string): Promise<void> {
    positionOf(position);
    const id = tenantRecordId(tenant, ID);
    const at = { kind: KIND, id, what: 'the import', attempts: MAX_ATTEMPTS };
    await changeRecord(this.deps.store.records, at, () => ({ position }));
  }

  /** A page behind `after`, piece by piece. */
  private async read(
    tenant: string,
    after: string | undefined,
    signal: AbortSignal,
    take: (piece: StoredPiece) => Promise<void>,
  ): Promise<Cut> {
    const { store } = this.deps;
    const reading = await beginReading(store, tenant, positionOf(after), true);
    let position: Position = new Uint8Array(0);
    let atEnd = false;
    for await (const piece of storedPieces(store, tenant, reading, signal)) {
      if (piece.position === undefined) throw forgotten();
      const [damaged] = piece.damaged;
      if (damaged !== undefined) throw isDamaged(damaged);
      await take(piece);
      position = piece.position;
      atEnd = piece.next === undefined;
    }
    return { position: Buffer.from(position).toString('base64url'), atEnd };
  }

  /** After its rows were read: a list of which they say something was there by then. */
  private async listNames(tenant: string): Promise<ReadonlyMap<number, string>> {
    const numbers = await this.deps.priceLists.numbers(tenant);
    return new Map([...numbers].map(([name, number]) => [number, name]));
  }
}

function packed(prices: NamedPrices, numbers: ReadonlyMap<string, number>): Uint8Array {
  return Object.entries(prices).reduce((all, [name, { price, in_stock: inStock }]) => {
    const entry = {
      ...(price === undefined ? {} : { price }),
      ...(inStock === undefined ? {} : { inStock }),
    };
    return withEntry(all, numbers.get(name) ?? 0, entry);
  }, NO_PRICES);
}

/** What is copied without it would look whole. */
function isDamaged(id: string): OmniError {
  const message = `the product ${id} is damaged in the store: send it again or delete it first`;
  return new OmniError('conflict', message, { field: 'id' });
}

function forgotten(): OmniError {
  const message = 'deletes since that position are forgotten: begin anew, with an empty copy';
  return new OmniError('conflict', message, { field: 'after' });
}

/** Throws `invalid_field`. What another store gave is told by that store. */
function positionOf(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined;
  if (POSITION.test(text)) return Buffer.from(text, 'base64url');
  throw invalidField('after', 'must be the position of an export');
}
