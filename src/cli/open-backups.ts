import { ExportDesk } from '../backup/export-desk.js';
import { ImportDesk } from '../backup/import-desk.js';
import type { ModelIdentity } from '../core/product.js';
import type { FleetPort } from '../ingest/ports.js';
import type { Store } from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { OpenedCluster } from './open-cluster.js';

interface BackupParts {
  store: Store;
  tenants: TenantDirectory;
  model: ModelIdentity;
  cluster: Pick<OpenedCluster, 'placement' | 'nodes'>;
  fleet: FleetPort;
}

/** What a backup is taken from, and what a restore goes to. */
export function openBackups({ store, tenants, model, cluster, fleet }: BackupParts) {
  const { placement, nodes } = cluster;
  return {
    exports: new ExportDesk(store),
    imports: new ImportDesk({
      ...{ store, tenants, model },
      place: (...asked) => placement.ensure(...asked),
      nodes: async () => (await nodes.all()).map(({ node }) => node),
      nudge: (tenant) => fleet.nudge(tenant),
      awaitApplied: (...awaited) => fleet.awaitApplied(...awaited),
    }),
  };
}
