import type { Coefficients } from './coefficients.js';
import { rowBytes } from './data-size.js';
import type { MachinePrice } from './prices.js';
import type { SearchCosts } from './search-cost.js';
import { totalRows, type Workload } from './workload.js';

/** Of a machine's memory, past which `AUTO` begins to relieve it. */
export const MEMORY_SHARE = 0.8;
/** Of a core, where one machine is away. */
export const BUSY_WITHOUT_ONE = 0.9;

/** Machines that hold the data: so many groups with another part of it each, so many machines a group. */
export interface ShardSize {
  machine: MachinePrice;
  /** Shard processes of a machine, at most one a core: fewer of them are larger, and a search asks fewer. */
  processes: number;
  groups: number;
  replicas: number;
  /** Shard processes of all groups, which hold different rows. */
  parts: number;
  nodes: number;
}

/** What bounds the choice. */
export interface ShardBounds {
  /** How busy a process may be. */
  busy: number;
  /** Whether searches of data in so many parts are answered in time. */
  isInTime: (parts: number) => boolean;
  /** No more machines than so many are of interest: fewer when a cheaper choice was found meanwhile. */
  mostNodes: () => number;
}

/** Every way to hold the data on machines of one kind, with so many processes each, that may be the cheapest one. */
export function* shardSizes(
  workload: Workload,
  costs: SearchCosts,
  { machine, processes }: Pick<ShardSize, 'machine' | 'processes'>,
  of: Coefficients,
  bounds: ShardBounds,
): Generator<ShardSize> {
  const first = leastGroups(workload, { machine, processes }, of);
  if (first === undefined) return;
  for (let groups = first; groups * workload.replicas <= bounds.mostNodes(); groups++) {
    const parts = groups * processes;
    // More groups have more parts still, and a search waits for the slowest of them.
    if (!bounds.isInTime(parts)) return;
    const cores = (costs.shardCores(parts) * of.imbalance) / parts;
    // Nor do more parts take less work.
    if ((cores / bounds.busy) * groups > bounds.mostNodes()) return;
    const enough = Math.max(
      workload.replicas,
      replicasFor(groups, workload.availability, of),
      Math.ceil(cores / bounds.busy),
    );
    const spare = enough > 1 ? Math.ceil(cores / BUSY_WITHOUT_ONE) + 1 : 1;
    const replicas = Math.max(enough, spare);
    yield { machine, processes, groups, replicas, parts, nodes: groups * replicas };
  }
}

/** From one process a core down to one. */
export function processCounts({ cores }: MachinePrice): number[] {
  const counts: number[] = [];
  for (let count = cores; count >= 1; count = Math.floor(count / 2)) counts.push(count);
  return counts;
}

/** What a machine's processes have in memory; `imbalance`: rows of the fullest beside the mean. */
export function nodeBytes(
  workload: Workload,
  { processes, groups }: Pick<ShardSize, 'processes' | 'groups'>,
  of: Coefficients,
  imbalance = 1,
): number {
  const rows = (totalRows(workload) / groups) * imbalance;
  return rows * rowBytes(workload.dimensions, of) + processes * of.shard_process_bytes;
}

/** So many machines hold the data once, the fullest within its share. */
function leastGroups(
  workload: Workload,
  { machine, processes }: Pick<ShardSize, 'machine' | 'processes'>,
  of: Coefficients,
): number | undefined {
  const room = machine.memory_bytes * MEMORY_SHARE - processes * of.shard_process_bytes;
  if (room <= 0) return undefined;
  const bytes = totalRows(workload) * rowBytes(workload.dimensions, of) * of.imbalance;
  return Math.max(1, Math.ceil(bytes / room));
}

/** Copies with which some part lacks all of them for no longer than it may. */
function replicasFor(groups: number, availability: number, of: Coefficients): number {
  const away = 1 - of.node_availability;
  const mayLack = Math.max(1e-9, 1 - availability);
  return Math.max(1, Math.ceil(Math.log(mayLack / groups) / Math.log(away)));
}
