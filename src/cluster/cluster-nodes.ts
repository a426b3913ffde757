import type { ShardState, ShardStatus } from '../core/shard-status.js';
import type { OwnedNode } from '../placement/node-pools.js';
import type { DedicatedNodes } from './dedicated-nodes.js';
import type { DrainedNodes } from './drained-nodes.js';
import type { KnownZones } from './known-zones.js';

/** The nodes as a process sees them: `ShardFleet` is one. */
export interface FleetView {
  /** As they were a moment ago. */
  kept(): readonly ShardState[];
  /** For how long there is no sign of life of the node. */
  silentMs(node: string): number;
  /** The machine that its address names; undefined where that is a path on this one. */
  hostOf(node: string): string | undefined;
}

export interface ClusterNodesOptions {
  /** Silent for longer, a node counts as dead. */
  leaseMs: number;
  /** Silent for longer, it counts as gone for good; 0: never. */
  replaceAfterMs: number;
}

export interface ClusterNode extends OwnedNode {
  /** As it said itself, now or before it fell silent. */
  zone: string | undefined;
  /** What fails together with it: its zone, else its machine, else nothing. */
  domain: string;
  isAlive: boolean;
  isGone: boolean;
  isDrained: boolean;
  /** All that is assigned to it is complete, as it last said. */
  isReady: boolean;
  /** As it last said. */
  rows: number;
  bytes: number;
  /** Of these, what is of rows that are there. */
  liveBytes: number;
  /** The share of its time for which it was busy, from 0 to 1; undefined: it did not say. */
  load: number | undefined;
  partitions: number;
  /** Of which it holds anything, as it last said. */
  tenants: number;
  /** What it can hold; undefined: it never said. */
  capacityBytes: number | undefined;
}

/** The nodes there are, and what may be placed on which. */
export class ClusterNodes {
  /** What each said before it fell silent. */
  private readonly last = new Map<string, ShardStatus>();

  constructor(
    private readonly fleet: FleetView,
    private readonly drained: Pick<DrainedNodes, 'names'>,
    private readonly dedicated: Pick<DedicatedNodes, 'all'>,
    private readonly zones: KnownZones,
    private readonly options: ClusterNodesOptions,
  ) {}

  async all(): Promise<ClusterNode[]> {
    const drained = await this.drained.names();
    const { owners } = await this.dedicated.all();
    return this.fleet.kept().map(({ name, reply }) => {
      if (reply !== undefined) this.last.set(name, reply);
      const isDrained = drained.has(name);
      const marks = { isDrained, owner: owners.get(name) };
      return { ...this.figuresOf(name), ...this.lifeOf(name), node: name, ...marks };
    });
  }

  /**
   * Those on which partitions may lie: neither drained nor gone; where none is left, all that are not
   * drained, since what is silent may come back.
   */
  async placeable(): Promise<ClusterNode[]> {
    return placeable(await this.all());
  }

  /** Remembers in the store what zones the nodes tell of. */
  async noteZones(): Promise<void> {
    const told = this.fleet.kept().filter(({ reply }) => reply !== undefined);
    await this.zones.note(told.map(({ name, reply }) => [name, reply?.zone] as const));
  }

  private figuresOf(name: string) {
    const last = this.last.get(name);
    const zone = last === undefined ? this.zones.of(name) : last.zone;
    const { documents = 0, bytes = 0, deadBytes = 0, load } = last ?? {};
    const { partitions = 0, tenants = 0, capacityBytes, ready: isReady = false } = last ?? {};
    const figures = { rows: documents, bytes, liveBytes: bytes - deadBytes, load };
    const domain = zone === undefined ? this.machineOf(name) : `zone ${zone}`;
    return { zone, domain, isReady, ...figures, partitions, tenants, capacityBytes };
  }

  private machineOf(name: string): string {
    const host = this.fleet.hostOf(name);
    return host === undefined ? `node ${name}` : `host ${host}`;
  }

  private lifeOf(name: string): Pick<ClusterNode, 'isAlive' | 'isGone'> {
    const silentMs = this.fleet.silentMs(name);
    const { leaseMs, replaceAfterMs } = this.options;
    const isAlive = this.last.has(name) && silentMs <= leaseMs;
    return { isAlive, isGone: !isAlive && replaceAfterMs > 0 && silentMs > replaceAfterMs };
  }
}

export function placeable(nodes: readonly ClusterNode[]): ClusterNode[] {
  const open = nodes.filter(({ isDrained }) => !isDrained);
  const here = open.filter(({ isGone }) => !isGone);
  return here.length === 0 ? open : here;
}

/** Names of those that still have what they hold. */
export function notGone(nodes: readonly ClusterNode[]): ReadonlySet<string> {
  return new Set(nodes.filter(({ isGone }) => !isGone).map(({ node }) => node));
}
