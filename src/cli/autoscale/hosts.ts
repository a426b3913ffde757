import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '../../capacity/autoscale/policy.js';
import type { RoleSample } from '../../capacity/autoscale/sample.js';
import { LeaseObserver } from '../../cluster/lease-observer.js';
import { QUERY_NODE, type Lease } from '../../cluster/lease.js';
import type { Config } from '../../config/settings.js';
import { RepeatedWork } from '../../core/repeated-work.js';
import type { RecordReader } from '../../store/record-store.js';
import { MetricsPage } from '../metrics-text.js';
import type { ClusterBody } from '../placement-client.js';
import type { Ground, Order } from './ground.js';
import { runHook } from './hook.js';
import { lapOf, pageFigures, waitingJobs, type PageFigures } from './page-figures.js';

const ASK_TIMEOUT_MS = 5_000;
const MAX_BYTES = 8 << 20;
/** Nodes that are asked at a time. */
const ASKED_AT_ONCE = 16;
/** So soon, of a lease's time, is it noticed that a node came or goes. */
const LOOKS_PER_LEASE = 3;

export interface HostsOptions extends Pick<
  Config,
  'up' | 'down' | 'count' | 'hookTimeoutMs' | 'leaseMs' | 'adminKey'
> {
  records: RecordReader;
}

/**
 * Query nodes that hold a lease, wherever they run, and what is told by the pages of their figures; changed by commands of
 * the operator.
 */
export class Hosts implements Ground {
  private readonly observer: LeaseObserver;
  private readonly looking: RepeatedWork;
  private readonly ending = new AbortController();
  /** As each node's page was when it was read last. */
  private before = new Map<string, PageFigures>();
  /** What each said of its event loop with its beats since then. */
  private loads = new Map<string, number[]>();
  private problem: Error | undefined = new Error('leases were not read yet');

  constructor(private readonly options: HostsOptions) {
    const { records, leaseMs } = options;
    this.observer = new LeaseObserver(records, leaseMs);
    this.looking = new RepeatedWork(() => this.look(), leaseMs / LOOKS_PER_LEASE);
    this.looking.start();
  }

  async sample(role: Role): Promise<RoleSample> {
    // At a start it is not known yet who is only a lease that was left.
    while (this.problem?.message === 'leases were not read yet') await sleep(50);
    if (this.problem !== undefined) throw this.problem;
    const counted = await this.counted(role);
    if (role === 'workers') return this.workers(counted);
    if (role === 'shard_nodes') return this.shardNodes(counted);
    const sample = await this.queryNodes();
    return counted === undefined ? sample : { ...sample, counted };
  }

  async change(order: Order): Promise<void> {
    const { up, down } = this.options;
    const command = order.to > order.from ? up : down;
    if (command === undefined) throw new Error('there is no command for it: DOWN');
    await this.run(command, order);
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.looking.close();
  }

  private async look(): Promise<void> {
    try {
      await this.observer.look();
      for (const { node, load } of this.alive()) {
        this.loads.set(node, [...(this.loads.get(node) ?? []), load]);
      }
      this.problem = undefined;
    } catch (error) {
      this.problem = error as Error;
    }
  }

  private alive(): Lease[] {
    const leases = this.observer.leases(QUERY_NODE).filter(({ isAlive }) => isAlive);
    return leases.map(({ lease }) => lease).filter(({ serves }) => serves !== 'write');
  }

  private async queryNodes(): Promise<RoleSample> {
    const nodes = this.alive();
    const pages = await this.pages(nodes);
    const told = nodes.flatMap(({ node }) => {
      const page = pages.get(node);
      return page === undefined ? [] : [{ node, now: pageFigures(page, performance.now()) }];
    });
    const laps = told.flatMap(({ node, now }) => {
      const then = this.before.get(node);
      const lap = then && lapOf(then, now);
      return lap === undefined ? [] : [{ ...lap, loop: meanOf(this.loads.get(node) ?? []) }];
    });
    this.before = new Map(told.map(({ node, now }) => [node, now]));
    this.loads = new Map();
    const sample = { running: nodes.length, heard: laps.length };
    if (laps.length === 0) return sample;
    return {
      ...sample,
      // What is used up first: the one core of the node's loop, or all of its machine.
      cpu: meanOf(laps.map(({ loop, cpu }) => Math.max(loop, cpu))),
      qps: laps.reduce((sum, { qps }) => sum + qps, 0),
      memory: Math.max(...laps.map(({ memory }) => memory)),
    };
  }

  /** They hold no lease: those that are counted run. */
  private async workers(counted: number | undefined): Promise<RoleSample> {
    const pages = await this.pages(this.alive());
    const queue = waitingJobs([...pages.values()]);
    return { running: counted, counted, heard: queue === undefined ? 0 : (counted ?? 0), queue };
  }

  /** As who starts them says; undefined: there is no command that asks. */
  private async counted(role: Role): Promise<number | undefined> {
    const { count } = this.options;
    if (count === undefined) return undefined;
    const text = await this.run(count, { role });
    const counted = Number(text.trim() === '' ? Number.NaN : text);
    if (Number.isInteger(counted) && counted >= 0) return counted;
    const got = JSON.stringify(text.slice(0, 80));
    throw new Error(`COUNT must print how many there are, got ${got}`);
  }

  private async shardNodes(counted: number | undefined): Promise<RoleSample> {
    for (const { address } of this.alive()) {
      const text = await this.read(address, '/admin/cluster?limit=1');
      if (text === undefined) continue;
      const { nodes, advice = [] } = JSON.parse(text) as ClusterBody;
      const alive = nodes.filter((node) => node.alive && !node.drained);
      const shares = alive.flatMap(({ live_bytes: bytes, capacity_bytes: capacity }) => {
        return capacity === null ? [] : [bytes / capacity];
      });
      const memory = shares.length === 0 ? undefined : Math.max(...shares);
      const isFull = advice.some(({ action }) => action === 'add');
      // One that is silent, or was drained and still runs, is a machine of its group all the same.
      const known = nodes.filter((node) => node.alive || !node.drained).length;
      // Of those that were replaced, the old ones are known until they are drained.
      const running = Math.min(known, counted ?? known);
      const heard = Math.min(alive.length, running);
      return { running, heard, isFull, memory, ...(counted !== undefined && { counted }) };
    }
    throw new Error('no query node says what lies on which shard');
  }

  /** Of those that answer, by node. */
  private async pages(nodes: readonly Lease[]): Promise<Map<string, MetricsPage>> {
    const pages = new Map<string, MetricsPage>();
    const left = [...nodes];
    const askers = Array.from({ length: Math.min(ASKED_AT_ONCE, left.length) }, async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const text = await this.read(next.address, '/metrics');
        if (text !== undefined) pages.set(next.node, new MetricsPage(text));
      }
    });
    await Promise.all(askers);
    return pages;
  }

  /** Undefined where it does not answer, or not with what was asked for. */
  private async read(address: string, path: string): Promise<string | undefined> {
    const { adminKey } = this.options;
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(ASK_TIMEOUT_MS)]);
    const headers = adminKey === undefined ? {} : { authorization: `Bearer ${adminKey}` };
    try {
      const response = await fetch(`http://${address}${path}`, { headers, signal });
      const text = await response.text();
      return response.ok && text.length <= MAX_BYTES ? text : undefined;
    } catch {
      return undefined;
    }
  }

  private run(command: string, order: Partial<Order>): Promise<string> {
    const { hookTimeoutMs: timeoutMs } = this.options;
    return runHook({ command, order, timeoutMs, signal: this.ending.signal });
  }
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
