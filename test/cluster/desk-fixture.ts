import type { ShardState, ShardStatus } from '../../src/core/shard-status.js';
import { AdviceTaker } from '../../src/cluster/advice-taker.js';
import { Advisor } from '../../src/cluster/advisor.js';
import { AwayNodes } from '../../src/cluster/away-nodes.js';
import { ClusterDesk } from '../../src/cluster/cluster-desk.js';
import { ClusterNodes, type FleetView } from '../../src/cluster/cluster-nodes.js';
import { DecisionLog } from '../../src/cluster/decision-log.js';
import { DedicatedNodes } from '../../src/cluster/dedicated-nodes.js';
import { Dedicator } from '../../src/cluster/dedicator.js';
import { DrainedNodes } from '../../src/cluster/drained-nodes.js';
import { KnownZones } from '../../src/cluster/known-zones.js';
import { Mover, type MoverDeps } from '../../src/cluster/mover.js';
import { NodeEmptier } from '../../src/cluster/node-emptier.js';
import { Reshaper } from '../../src/cluster/reshaper.js';
import type { Wish } from '../../src/placement/dedicate.js';
import { NodeLoads } from '../../src/placement/node-loads.js';
import { HASH_END } from '../../src/core/ids.js';
import { AuditLog } from '../../src/tenancy/audit-log.js';
import type { Partition, Store } from '../../src/store/store.js';
import { serving } from '../store/place.js';

const LEASE_MS = 3_000;
const REPLACE_AFTER_MS = 60_000;

/** What a shard says of itself. */
export function statusOf(more: Partial<ShardStatus> = {}): ShardStatus {
  return {
    ...{ documents: 100, bytes: 10_000, behind: 0, tenants: 1, storeReads: 0, partitions: 1 },
    ...{ switching: { tenants: 0, first: [] }, ready: true, damaged: [] },
    ...more,
  };
}

/** Nodes that say what they are told to. */
export class ToldFleet implements FleetView {
  readonly status = new Map<string, ShardStatus>();
  readonly silent = new Map<string, number>();
  readonly hosts = new Map<string, string>();

  constructor(...names: readonly string[]) {
    for (const name of names) this.status.set(name, statusOf());
  }

  kept(): ShardState[] {
    return Array.from(this.status, ([name, status]) => ({
      name,
      reply: this.silentMs(name) > LEASE_MS ? undefined : status,
    }));
  }

  silentMs(node: string): number {
    return this.silent.get(node) ?? 0;
  }

  hostOf(node: string): string | undefined {
    return this.hosts.get(node);
  }
}

/** What a test may put in place of the fixture's own. */
interface DeskParts {
  /** What the taker of advice is told. */
  advisor: Pick<Advisor, 'next'>;
  /** Who is asked to see to a tenant's replicas. */
  jobs: Pick<MoverDeps, 'settle' | 'resume'>;
}

/** The desk of a store, with nodes that a test speaks for. */
export function openDesk(
  store: Store,
  fleet: ToldFleet,
  replicas = 1,
  own: Partial<DeskParts> = {},
) {
  const settled: string[] = [];
  const note = async (tenant: string): Promise<void> => void settled.push(tenant);
  const clock = { ms: 0 };
  const now = () => clock.ms;
  const drained = new DrainedNodes(store.records, now);
  const options = { leaseMs: LEASE_MS, replaceAfterMs: REPLACE_AFTER_MS };
  const zones = new KnownZones(store.records);
  const dedicated = new DedicatedNodes(store.records, now);
  const nodes = new ClusterNodes(fleet, drained, dedicated, zones, options);
  const audit = new AuditLog(store.records);
  const decisions = new DecisionLog(store.records);
  const mover = new Mover({ store, audit, decisions, settle: note, resume: note, ...own.jobs });
  const loads = new NodeLoads(
    () => Array.from(fleet.status, ([node, { documents: rows }]) => ({ node, rows })),
    now,
  );
  const wishes: Wish[] = [];
  const dedicator = new Dedicator({
    ...{ store, nodes, dedicated, mover, loads, replicas },
    wishes: async () => wishes,
  });
  const emptier = new NodeEmptier({ store, nodes, drained, dedicator, replicas }, mover);
  const reshaper = new Reshaper({ store, nodes, maxPartitions: 20 });
  const advisor = new Advisor({ store, nodes, maxPartitions: 20 });
  const changes = { store, nodes, mover, reshaper, advisor };
  const taker = new AdviceTaker({
    ...changes,
    advisor: own.advisor ?? advisor,
    records: store.records,
  });
  const desk = new ClusterDesk({ ...changes, emptier, replicas });
  const away = new AwayNodes(nodes, emptier, now);
  return {
    desk,
    emptier,
    drained,
    nodes,
    zones,
    away,
    mover,
    settled,
    clock,
    audit,
    decisions,
    advisor,
    taker,
    dedicated,
    dedicator,
    wishes,
  };
}

/** A category's partition on these nodes. */
export function partition(category: string, ...nodes: readonly string[]): Partition {
  const range = { from: 0, to: HASH_END };
  return {
    id: `p-${category}`,
    categories: [category],
    ...range,
    replicas: serving(...nodes),
    epoch: 1,
  };
}

/** The replicas of each partition as text, such as `s1 leaving`, by id. */
export async function placed(store: Store, tenant = 't'): Promise<Record<string, string>> {
  const { partitions } = await store.placement(tenant);
  return Object.fromEntries(
    partitions.map(({ id, replicas }) => [
      id.replace(/^p-/, ''),
      replicas
        .map(({ node, state }) => (state === 'serving' ? node : `${node} ${state}`))
        .join(', '),
    ]),
  );
}
