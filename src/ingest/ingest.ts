import { OmniError } from '../core/errors.js';
import { KeyedTurns } from '../core/keyed-turns.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import type { Span } from '../core/span.js';
import type { CategoryCount, ImportSight } from '../store/store.js';
import { tracedStore } from '../store/traced-store.js';
import type { Narrowing } from '../tenancy/narrowing.js';
import { foresee, type Foresight } from './foresee-batch.js';
import type { IncomingRow, IncomingRows } from './incoming-row.js';
import { readJsonProducts, type JsonProducts } from './json-products.js';
import { ndjsonRows } from './ndjson-stream.js';
import { patchProduct } from './patch-product.js';
import type { IngestDeps } from './ports.js';
import { writePrices } from './price-rows.js';
import { pruneProducts, type Unlisted } from './prune-products.js';
import { readProduct } from './read-product.js';
import { contended, noSuchProduct, writeSingle } from './single-write.js';
import { upsert } from './upsert.js';
import { validId } from './validate-product.js';
import { ReportBuilder, type WriteReport } from './write-report.js';

/** Whose import writes. */
export interface ImportTarget {
  tenant: string;
  imported: ImportSight;
  signal: AbortSignal;
}

/** On whose behalf something is written. */
export interface Writer {
  /** Aborted when nobody waits for it any more: what is not being written yet is left. */
  signal?: AbortSignal | undefined;
  /** Of the request, where it is traced. */
  span?: Span | undefined;
}

/** The write path of one process, and reading back what it wrote. */
export class Ingest {
  /** Patches of one product that meet on this node wait for each other instead of trying again. */
  private readonly patches = new KeyedTurns();

  constructor(private readonly deps: IngestDeps) {}

  /** Rows of an NDJSON body; a line above the bound, without one that of a product, is a row with an error. */
  ndjson(
    chunks: AsyncIterable<Uint8Array>,
    maxBytes = this.deps.limits.maxProductBytes,
  ): AsyncGenerator<IncomingRow> {
    return ndjsonRows(chunks, maxBytes);
  }

  /** A JSON body of one product or a list; rejects `invalid_json`, `too_large`. */
  json(body: Buffer, signal?: AbortSignal): Promise<JsonProducts> {
    return readJsonProducts(body, this.deps.limits.maxProductBytes, signal);
  }

  /** Rows in order; never rejects, see `WriteReport.failure`. */
  async upsert(tenant: string, rows: IncomingRows, writer: Writer = {}): Promise<WriteReport> {
    const { signal } = writer;
    return this.counted(tenant, await upsert(this.depsOf(writer), { tenant, signal }, rows));
  }

  /** As `upsert`, of an import. */
  async import(target: ImportTarget, rows: IncomingRows): Promise<WriteReport> {
    return this.counted(target.tenant, await upsert(this.deps, target, rows));
  }

  /** What `import` would come to. Never rejects, see `WriteReport.failure`. */
  foresee(target: ImportTarget, rows: IncomingRows): Promise<Foresight> {
    return foresee(this.deps, target, rows);
  }

  /** Deletes what an import's feed no longer has, unless it was changed since it was seen; how many went. */
  prune({ tenant, imported, signal }: ImportTarget, found: readonly Unlisted[]): Promise<number> {
    return pruneProducts(this.deps, tenant, found, imported, signal);
  }

  /** What a price list says of products; rejects `not_found`, for the rest see `WriteReport.failure`. */
  async prices(
    tenant: string,
    name: string,
    rows: IncomingRows,
    writer: Writer = {},
  ): Promise<WriteReport> {
    const { tenants, priceLists } = this.deps;
    const { signal } = writer;
    await tenants.require(tenant, 'write');
    let number: Promise<number> | undefined;
    const list = () => (number ??= priceLists.ensure(tenant, name));
    return this.counted(
      tenant,
      await writePrices(this.depsOf(writer), { tenant, signal }, list, rows),
    );
  }

  /** One product or delete; rejects with what is wrong with it. */
  async upsertOne(tenant: string, value: JsonValue, writer?: Writer): Promise<WriteReport> {
    const report = await this.upsert(tenant, [{ line: 1, bytes: 0, value }], writer);
    if (report.failure !== undefined) throw report.failure;
    const [rejection] = report.rejected;
    if (rejection === undefined) return report;
    const { code, message, field } = rejection;
    throw new OmniError(code, message, { field });
  }

  /** JSON Merge Patch; rejects `not_found`, `invalid_field`, `too_large`. */
  async patch(
    tenant: string,
    id: string,
    patch: JsonValue,
    writer: Writer = {},
  ): Promise<WriteReport> {
    const key = `${tenant}/${validId(id)}`;
    const { signal } = writer;
    const deps = this.depsOf(writer);
    const patching = () => patchProduct(deps, { tenant, signal }, id, patch);
    return this.counted(tenant, await this.patches.run(key, patching));
  }

  /** Rejects `not_found`. */
  async remove(tenant: string, id: string, writer: Writer = {}): Promise<WriteReport> {
    await this.deps.tenants.require(tenant, 'write');
    const write = { op: 'delete', id: validId(id), feedVersion: undefined } as const;
    const report = await writeSingle(this.depsOf(writer), tenant, write);
    if (report === undefined) throw contended();
    return this.counted(tenant, report);
  }

  /** Has a product come back from the archive. Rejects `not_found`, `unavailable`, `conflict`. */
  async bringBack(tenant: string, id: string): Promise<WriteReport> {
    const { tenants, cold } = this.deps;
    await tenants.require(tenant, 'write');
    const { restored, missing, mark } = await cold.restore(tenant, [validId(id)]);
    if (missing > 0) throw noSuchProduct(id);
    const builder = new ReportBuilder();
    builder.accept(restored > 0 ? 'applied' : 'unchanged');
    builder.report.mark = mark;
    return this.counted(tenant, builder.report);
  }

  /** As the caller's key shows it. Rejects `not_found`, and `invalid_field` where the key's price list is gone. */
  async read(
    tenant: string,
    id: string,
    fields: readonly string[] | undefined,
    narrowing?: Narrowing,
  ): Promise<JsonObject> {
    await this.deps.tenants.require(tenant);
    return readProduct(this.deps, tenant, id, { fields, narrowing });
  }

  async categories(tenant: string): Promise<CategoryCount[]> {
    await this.deps.tenants.require(tenant);
    return this.deps.store.categories(tenant);
  }

  /** Of a write that is traced, calls of the store are parts of its trace. */
  private depsOf({ span }: Writer): IngestDeps {
    const { deps } = this;
    return span === undefined ? deps : { ...deps, store: tracedStore(deps.store, span) };
  }

  /** Counts what changed something. */
  private counted(tenant: string, report: WriteReport): WriteReport {
    const { accepted, unchanged, stale } = report;
    this.deps.meter.count(tenant, 'writes', accepted - unchanged - stale);
    return report;
  }

  /**
   * Waits at most `timeoutMs`, and no longer than the caller, until all that `report` accepted is
   * searchable; names the shards that had not applied it by then.
   */
  async waitSearchable(
    tenant: string,
    { mark }: WriteReport,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<string[]> {
    return mark === undefined ? [] : this.deps.fleet.awaitApplied(tenant, mark, timeoutMs, signal);
  }
}
