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
  readonly queryNodes: readonly SimulatedQueryNode[];

  constructor(readonly spec: ClusterSpec) {
    const { sites, queryHosts, times, seed, rowsOf, hedging, cores } = spec;
    const { clock } = this;
    // What a turn takes is of the service times: no turn of this process is too long for the next one.
    searchTurns.now = () => 0;
    const hosts = new Map<string, Host>();
    const hostOf = (name: string): Host => {
      const host = hosts.get(name) ?? new Host(clock, cores);
      hosts.set(name, host);
      return host;
    };
    const shards = new Map(sites.map(({ node, host }) => [node, new SimulatedShard(hostOf(host))]));
    this.shards = shards;
    const draw = new ServiceDraw(times, new Random(seed, 'service times'));
    this.queryNodes = queryHosts.map((name, i) => {
      const random = new Random(seed, `query node ${i}`);
      const replicas = {
        random: () => random.next(),
        ...(hedging ? {} : { hedges: new HedgeBudget(0, 0) }),
      };
      return new SimulatedQueryNode({ clock, shards, draw, rowsOf, replicas, host: hostOf(name) });
    });
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
