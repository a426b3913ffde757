import type { SimulatedCluster } from './cluster.js';
import type { NodeSite } from './place-tenants.js';
import type { Phase } from './run-phases.js';
import type { SimulatedShard } from './shard-node.js';

export interface SiteSpec {
  /** Shard processes, a multiple of `nodesPerHost`. */
  nodes: number;
  nodesPerHost: number;
  zones: number;
}

/** Shard processes on hosts, and these in zones, in turn. */
export function sitesOf({ nodes, nodesPerHost, zones }: SiteSpec): NodeSite[] {
  return Array.from({ length: nodes }, (_, i) => {
    const host = Math.floor(i / nodesPerHost);
    return { node: `s${i + 1}`, host: `h${host + 1}`, zone: `z${(host % zones) + 1}` };
  });
}

/** All of a first host; of a first zone; one process. */
export const isOfOneHost = ({ host }: NodeSite): boolean => host === 'h1';
const oneZone = ({ zone }: NodeSite): boolean => zone === 'z1';
const oneNode = ({ node }: NodeSite): boolean => node === 's1';

const each =
  (which: (site: NodeSite) => boolean, what: (shard: SimulatedShard) => void) =>
  (cluster: SimulatedCluster): void => {
    for (const shard of cluster.shardsOf(which)) what(shard);
  };

const kill = (shard: SimulatedShard): void => shard.kill();
const start = (shard: SimulatedShard): void => shard.start();
const hang = (shard: SimulatedShard): void => shard.hang();
const goOn = (shard: SimulatedShard): void => shard.goOn();
const slow = (shard: SimulatedShard): void => void (shard.slowness = 5);
const usual = (shard: SimulatedShard): void => void (shard.slowness = 1);

/** What happens, each for so many seconds. Processes that are killed refuse connections; those that hang do nothing. */
export function phasesOf(seconds: number): Phase[] {
  return [
    { name: 'warming up', seconds: 4 },
    { name: 'quiet', seconds },
    {
      name: 'a host killed',
      seconds,
      begin: each(isOfOneHost, kill),
      end: each(isOfOneHost, start),
    },
    { name: 'it is back', seconds },
    { name: 'a node hangs', seconds, begin: each(oneNode, hang), end: each(oneNode, goOn) },
    { name: 'a node is slow', seconds, begin: each(oneNode, slow), end: each(oneNode, usual) },
    { name: 'a zone killed', seconds, begin: each(oneZone, kill), end: each(oneZone, start) },
    { name: 'the zone is back', seconds },
    { name: 'a zone hangs', seconds, begin: each(oneZone, hang), end: each(oneZone, goOn) },
    { name: 'quiet again', seconds },
  ];
}
