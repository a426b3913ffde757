import { giveWay } from '../core/precedence.js';
import type { ImportSight } from '../store/store.js';
import type { IngestDeps } from './ports.js';

/** A product that a complete feed no longer has, as it was seen. */
export interface Unlisted {
  id: string;
  version: number;
}

/** Deletes products unless somebody has changed them since they were seen; resolves with how many went. */
export async function pruneProducts(
  { store, fleet, meter }: Pick<IngestDeps, 'store' | 'fleet' | 'meter'>,
  tenant: string,
  found: readonly Unlisted[],
  imported: ImportSight,
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0;
  for (let at = 0; at < found.length; at += store.writesAtOnce) {
    await giveWay();
    signal.throwIfAborted();
    const some = found.slice(at, at + store.writesAtOnce).map(({ id, version }) => {
      const condition = { ifVersion: version, imported, feedVersion: undefined };
      return { op: 'delete', id, ...condition } as const;
    });
    const { statuses } = await store.write(tenant, some);
    const applied = statuses.filter((status) => status === 'applied').length;
    deleted += applied;
    if (applied > 0) fleet.nudge(tenant);
    meter.count(tenant, 'writes', applied);
  }
  return deleted;
}
