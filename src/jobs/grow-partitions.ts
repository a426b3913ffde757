import type { PartitionGrower } from '../cluster/partition-grower.js';
import type { Logger } from '../core/logger.js';
import type { Position, Store } from '../store/store.js';
import { ALL, type JobKind } from './job.js';

/** The job that has partitions grow, and shrink, with their tenants, and those settled that nobody sees to. */
export const GROW_PARTITIONS = 'growth of partitions';

const EVERY_MS = 5_000;
/** What a step waits for mostly takes no longer. */
const AGAIN_MS = 1_000;
const TENANTS_AT_ONCE = 100;

export interface GrowDeps {
  store: Pick<Store, 'changedTenants'>;
  grower: Pick<PartitionGrower, 'grow'>;
  logger: Logger;
}

/**
 * Looks at tenants of which something changed since the last time, and again at those of which a step was taken:
 * at rest it asks the store once. A node that does it for the first time looks at all. With a tenant as its key: at
 * that one, until there is nothing more to do.
 */
export function growPartitions({ store, grower, logger }: GrowDeps): JobKind {
  let position: Position | undefined;
  const due = new Set<string>();
  const look = async (tenant: string, signal: AbortSignal): Promise<boolean> => {
    signal.throwIfAborted();
    try {
      return await grower.grow(tenant, signal);
    } catch (err) {
      logger.warn({ err, tenant }, 'its partitions could not be looked at, trying again');
      return true;
    }
  };
  return {
    everyMs: EVERY_MS,
    run: async (work) => {
      const { key, signal } = work;
      if (key !== ALL) {
        if (await look(key, signal)) work.comeBack(AGAIN_MS);
        return;
      }
      for (let atEnd = false; !atEnd;) {
        const page = await store.changedTenants(position, TENANTS_AT_ONCE);
        for (const tenant of page.tenants) due.add(tenant);
        ({ position, atEnd } = page);
        signal.throwIfAborted();
      }
      for (const tenant of [...due]) if (!(await look(tenant, signal))) due.delete(tenant);
      if (due.size > 0) work.comeBack(AGAIN_MS);
    },
  };
}
