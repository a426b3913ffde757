import { ExportDesk } from '../backup/export-desk.js';
import { RestoreDesk } from '../backup/restore-desk.js';
import { History } from '../backup/history.js';
import { RegionSource } from '../backup/region/region-source.js';
import { Rollback } from '../backup/rollback.js';
import { CopyWriter, type CopyWriterDeps } from '../backup/copy-writer.js';
import { TenantTransfer } from '../backup/tenant-transfer.js';
import { TakenBackups } from '../backup/taken-backups.js';
import type { Config } from '../config/settings.js';
import type { AuditLog } from '../tenancy/audit-log.js';
import { embedAnew } from '../ingest/reembed.js';
import type { FleetPort, IngestDeps } from '../ingest/ports.js';
import type { Store } from '../store/store.js';
import type { HandoverDesk } from '../tenancy/handover-desk.js';
import type { PriceLists } from '../tenancy/price-lists.js';
import type { TenantDirectory } from '../tenancy/tenant-directory.js';
import type { OpenedCluster } from './open-cluster.js';

interface BackupParts {
  store: Store;
  tenants: TenantDirectory;
  priceLists: PriceLists;
  deps: Pick<IngestDeps, 'model' | 'encoder'>;
  cluster: Pick<OpenedCluster, 'placement' | 'nodes'>;
  fleet: FleetPort;
  audit: AuditLog;
  history: History;
  /** The store for what is copied into it, whoever takes the writes of others. */
  filled: Pick<Store, 'write'>;
  handover: HandoverDesk;
}

/** What backups are taken from and restores go to, and moves of tenants. */
export function openBackups(parts: BackupParts) {
  const { store, tenants, priceLists, deps, cluster, fleet, audit, history, filled, handover } =
    parts;
  const { model } = deps;
  const { placement, nodes } = cluster;
  const nudge = (tenant: string) => fleet.nudge(tenant);
  const place: CopyWriterDeps['place'] = (...asked) => placement.ensure(...asked);
  const rows = new CopyWriter({ store, nudge, place });
  const { writesAtOnce } = store;
  const filling = {
    ...{ writesAtOnce, write: filled.write.bind(filled), prices: store.prices.bind(store) },
  };
  const restores = new RestoreDesk({
    ...{ store, tenants, model, rows, nudge },
    nodes: async () => (await nodes.all()).map(({ node }) => node),
    awaitApplied: (...awaited) => fleet.awaitApplied(...awaited),
  });
  const rollback = new Rollback({
    ...{ store, history, restores, audit, model },
    embed: (products) => embedAnew(deps, products),
  });
  const transfer = new TenantTransfer({
    ...{ store, model, tenants, priceLists, handover },
    rows: new CopyWriter({ store: filling, nudge, place }),
  });
  const taken = new TakenBackups(store.records);
  const regionSource = new RegionSource(store);
  return { exports: new ExportDesk(store), restores, rollback, transfer, taken, regionSource };
}

/** What products were before; a node that writes notes it while the store's history is kept. */
export async function openHistory(
  store: Store,
  { historyDays, serve, regionOf }: Config,
): Promise<History> {
  const history = new History(store);
  // In a region its primary keeps it.
  if (serve !== 'read' && regionOf === undefined) await history.begin(historyDays);
  return history;
}
