import { ExportDesk } from '../backup/export-desk.js';
import { RestoreDesk } from '../backup/restore-desk.js';
import { History } from '../backup/history.js';
import { Rollback } from '../backup/rollback.js';
import { TakenBackups } from '../backup/taken-backups.js';
import type { Config } from '../config/settings.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import { embedAnew } from '../ingest/reembed.js';
import type { FleetPort, IngestDeps } from '../ingest/ports.js';
import type { Store } from '../store/store.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { OpenedCluster } from './open-cluster.js';

interface BackupParts {
  store: Store;
  tenants: TenantDirectory;
  deps: Pick<IngestDeps, 'model' | 'encoder'>;
  cluster: Pick<OpenedCluster, 'placement' | 'nodes'>;
  fleet: FleetPort;
  audit: AuditLog;
  history: History;
}

/** What a backup is taken from, and what a restore goes to. */
export function openBackups(parts: BackupParts) {
  const { store, tenants, deps, cluster, fleet, audit, history } = parts;
  const { model } = deps;
  const { placement, nodes } = cluster;
  const restores = new RestoreDesk({
    ...{ store, tenants, model },
    place: (...asked) => placement.ensure(...asked),
    nodes: async () => (await nodes.all()).map(({ node }) => node),
    nudge: (tenant) => fleet.nudge(tenant),
    awaitApplied: (...awaited) => fleet.awaitApplied(...awaited),
  });
  const rollback = new Rollback({
    ...{ store, history, restores, audit, model },
    embed: (products) => embedAnew(deps, products),
  });
  const taken = new TakenBackups(store.records);
  return { exports: new ExportDesk(store), restores, rollback, taken };
}

/** What products were before; a node that writes notes it while the store's history is kept. */
export async function openHistory(store: Store, { historyDays, serve }: Config): Promise<History> {
  const history = new History(store);
  if (serve !== 'read') await history.begin(historyDays);
  return history;
}
