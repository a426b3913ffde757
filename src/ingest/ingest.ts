import { OmniError } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/product.js';
import type { CategoryCount } from '../store/store.js';
import { deleteProduct } from './delete-product.js';
import type { IncomingRow } from './incoming-row.js';
import { patchProduct } from './patch-product.js';
import type { IngestDeps } from './ports.js';
import { readProduct } from './read-product.js';
import { productRules, upsert } from './upsert.js';
import { validateRow } from './validate-product.js';
import { waitSearchable, type Searchable } from './wait-searchable.js';
import type { WriteReport } from './write-report.js';

/** The write path of one process, and reading back what it wrote. */
export class Ingest {
  constructor(private readonly deps: IngestDeps) {}

  /** Rows in order; never rejects, see `WriteReport.failure`. */
  upsert(
    tenant: string,
    rows: AsyncIterable<IncomingRow> | Iterable<IncomingRow>,
  ): Promise<WriteReport> {
    return upsert(this.deps, tenant, rows);
  }

  /** One product or delete; rejects with what is wrong with it. */
  async upsertOne(tenant: string, value: JsonValue): Promise<WriteReport> {
    validateRow(value, productRules(this.deps));
    const report = await this.upsert(tenant, [{ line: 1, bytes: 0, value }]);
    if (report.failure !== undefined) throw report.failure;
    const [rejection] = report.rejected;
    if (rejection === undefined) return report;
    const { code, message, field } = rejection;
    throw new OmniError(code, message, field === undefined ? {} : { field });
  }

  /** JSON Merge Patch; rejects `not_found`, `invalid_field`. */
  patch(tenant: string, id: string, patch: JsonValue): Promise<WriteReport> {
    return patchProduct(this.deps, tenant, id, patch);
  }

  /** Rejects `not_found`. */
  remove(tenant: string, id: string): Promise<WriteReport> {
    return deleteProduct(this.deps, tenant, id);
  }

  /** Rejects `not_found`. */
  read(tenant: string, id: string, fields: readonly string[] | undefined): Promise<JsonObject> {
    return readProduct(this.deps.store, tenant, id, fields);
  }

  categories(tenant: string): Promise<CategoryCount[]> {
    return this.deps.store.categories(tenant);
  }

  waitSearchable(tenant: string, report: WriteReport, timeoutMs: number): Promise<Searchable> {
    return waitSearchable(this.deps.fleet, tenant, report, timeoutMs);
  }
}
