import type { WriteReport } from './write-report.js';
import type { FleetPort } from './ports.js';

export interface Searchable {
  searchable: boolean;
  /** Names of the shards that had not applied the write in time. */
  lagging: string[];
}

/** Waits at most `timeoutMs` until every shard has applied what `report` accepted. */
export async function waitSearchable(
  fleet: FleetPort,
  tenant: string,
  report: WriteReport,
  timeoutMs: number,
): Promise<Searchable> {
  if (report.mark === undefined) return { searchable: true, lagging: [] };
  const lagging = await fleet.awaitApplied(tenant, report.mark, timeoutMs);
  return { searchable: lagging.length === 0, lagging };
}
