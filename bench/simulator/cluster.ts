import { searchTurns } from '../../src/core/fair-turns.js';
import { HedgeBudget } from '../../src/shard-client/replicas/hedge-budget.js';
import type { CallCounts } from '../../src/shard-client/replicas/running-call.js';
import { Random } from '../lib/random.js';
import { EventClock } from './event-clock.js';
import { Host } from './host.js';
import type { NodeSite } from './place-tenants.js';
import { type QueryNodeParts, SimulatedQueryNode } from './query-node.js';
import { ServiceDraw, type ServiceTimes } from './service-times.js';
import { SimulatedShard } from './shard-node.js';

export interface ClusterSpec {
  times: ServiceTimes;
  sites: readonly NodeSite[];
  /** Hosts of the query nodes, a name each; nothing happens to them. May be hosts of shards too. */
  queryHosts: readonly string[];
  /** Of each host. */
  cores: number;
  /** Whether a second replica may be asked because the first is slow. */
  hedging: boolean;
  rowsOf: QueryNodeParts['rowsOf'];
  seed: number;
}

/** Machines, shard processes and query nodes of a model, on one clock. */
export class SimulatedCluster {
  readonly clock = new EventClock();
  readonly shards: ReadonlyMap<string, SimulatedShard>;
  /** Those that answer; one that is taken out ends what it began. */
  readonly queryNodes: SimulatedQueryNode[] = [];
  private readonly hosts = new Map<string, Host>();
  private readonly draw: ServiceDraw;
  private begun = 0;

  constructor(readonly spec: ClusterSpec) {
    const { sites, queryHosts, times, seed } = spec;
    // What a turn takes is of the service times: no turn of this process is too long for the next one.
    searchTurns.now = () => 0;
    this.shards = new Map(
      sites.map(({ node, host }) => [node, new SimulatedShard(this.hostOf(host))]),
    );
    this.draw = new ServiceDraw(times, new Random(seed, 'service times'));
    for (const host of queryHosts) this.addQueryNode(host);
  }

  /** The cores of a machine. */
  hostOf(name: string): Host {
    const host = this.hosts.get(name) ?? new Host(this.clock, this.spec.cores);
    this.hosts.set(name, host);
    return host;
  }

  /** One more that answers from now on, and knows nothing yet. */
  addQueryNode(host: string): SimulatedQueryNode {
    const { clock, shards, draw } = this;
    const { rowsOf, hedging, seed } = this.spec;
    const random = new Random(seed, `query node ${this.begun++}`);
    const replicas = {
      random: () => random.next(),
      ...(hedging ? {} : { hedges: new HedgeBudget(0, 0) }),
    };
    const parts = { clock, shards, draw, rowsOf, replicas, host: this.hostOf(host) };
    const node = new SimulatedQueryNode(parts);
    this.queryNodes.push(node);
    return node;
  }

  /** The shards whose site fits. */
  shardsOf(fits: (site: NodeSite) => boolean): SimulatedShard[] {
    return this.spec.sites.filter(fits).map(({ node }) => this.shards.get(node) as SimulatedShard);
  }

  /** What all query nodes together have asked for since the start. */
  get counts(): CallCounts {
    const sum: CallCounts = {
      ...{ calls: 0, hedges: 0, hedgesWon: 0, hedgesLost: 0, retries: 0, moves: 0 },
    };
    for (const { calls } of this.queryNodes) {
      for (const key of Object.keys(sum) as (keyof CallCounts)[]) sum[key] += calls.counts[key];
    }
    return sum;
  }

  /** Requests that each shard has answered since the start. */
  answered(): number[] {
    return [...this.shards.values()].map(({ answered }) => answered);
  }
}
