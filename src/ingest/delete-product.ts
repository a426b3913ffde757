import type { IngestDeps } from './ports.js';
import { contended, writeSingle } from './single-write.js';
import { validId } from './validate-product.js';
import type { WriteReport } from './write-report.js';

/** Deletes one product. Rejects `not_found` when there is none. */
export async function deleteProduct(
  deps: IngestDeps,
  tenant: string,
  id: string,
): Promise<WriteReport> {
  const write = { op: 'delete', id: validId(id), feedVersion: undefined } as const;
  const report = await writeSingle(deps, tenant, write);
  if (report === undefined) throw contended();
  return report;
}
