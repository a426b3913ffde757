import type { ModuleOf } from './modules.js';
import { selfTimes, type Profile, type ProfileNode } from './profile.js';

/** Where a function belongs, by its module, whoever called it. */
const OWN = {
  JSON: /^(src\/core\/json|src\/http\/(json-body|read-body|send-reply|hit-reply|search-reply|shop-reply|rounded)\.|secure-json-parse\/|safe-stable-stringify\/|fast-json-stringify\/)/,
  'metrics, logs, traces':
    /^(src\/(metrics|telemetry)\/|src\/http\/(access-log|tracing|search-counter|slow-searches)\.|src\/core\/(histogram|logger|span|stage-times)\.|pino\/|sonic-boom\/|prom-client\/)/,
  'HTTP and Fastify':
    /^(src\/http\/|fastify\/|@fastify\/|find-my-way\/|avvio\/|ajv\/|node:(_http|http|internal\/http))/,
  "the shard's connection":
    /^src\/(protocol|shard-client|shard\/node\/(client-connection|shard-server|handshake|hit-columns)\.)/,
  'the join': /^src\/search\/(join-|describe-hit\.)/,
  words:
    /^src\/(text\/|shard\/leaf\/words\/|shard\/leaf\/views\/text-sums\.|shard\/index\/(terms\/|components\/(terms|sequence|types)\.)|search\/(ask-counts|count-words|kept-counts|read-text|read-words|rewrite-query|understand-query|word-[a-z]+)\.)/,
  'the encoder': /^(src\/(embedding\/|search\/embed\.)|onnxruntime-|@huggingface\/|piscina\/)/,
  "the graph's search": /^(src\/shard\/engine\/(graph|usearch|hnswlib)\.|usearch\/|hnswlib-node\/)/,
  'exact scoring, scans': /^src\/shard\/(leaf\/|engine\/|index\/(columns?|vector-slabs|bitset))/,
  "the shard's upkeep": /^src\/shard\/(build|follow|peer|recall)\//,
  "the shard's turns": /^src\/shard\//,
  'the store': /^(src\/store\/|lmdb\/)/,
  'placement, plan, merge': /^src\/(search|placement|tenancy|merchandising)\//,
} as const;

/** For functions that serve many: they count as their callers', and so only where no caller tells. */
const UNLESS_CALLED = {
  "the shard's connection":
    /^(node:(net|stream|internal\/(stream_base_commons|streams))|msgpackr\/)/,
  'placement, plan, merge': /^src\/(query|filter)\//,
} as const;

/** Threads that wait for work in a call that does not return: that is no work. */
const WAITING = /^piscina\/dist\/worker\.js$/;

const COLLECTOR = 'garbage collector';
const NATIVE = 'event loop, native';
const OTHERS = 'others';

/** In the order of a search's way. */
export const STATIONS: readonly string[] = [
  ...['HTTP and Fastify', 'JSON', 'placement, plan, merge', 'the encoder', 'words'],
  ...["the shard's connection", "the shard's turns", "the graph's search", 'exact scoring, scans'],
  ...[
    "the shard's upkeep",
    'the join',
    'the store',
    'metrics, logs, traces',
    COLLECTOR,
    NATIVE,
    OTHERS,
  ],
];

/** Microseconds by station, and in each by function, of any number of profiles. */
export class StationTimes {
  private readonly stations = new Map<string, Map<string, number>>();

  /** Adds what ran; time without work is left out. Returns the microseconds added. */
  add(profile: Profile, moduleOf: ModuleOf): number {
    const times = selfTimes(profile);
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    let addedUs = 0;
    const visit = (node: ProfileNode, caller: string | undefined): void => {
      const { functionName: name } = node.callFrame;
      const module = moduleOf(node.callFrame);
      const station = stationOf(name, module, caller);
      const us = times.get(node.id) ?? 0;
      if (us > 0 && name !== '(idle)' && !WAITING.test(module)) {
        addedUs += us;
        this.put(station ?? fallback(module), `${name || '(anonymous)'} ${module}`.trim(), us);
      }
      for (const id of node.children ?? []) {
        const child = nodes.get(id);
        if (child !== undefined) visit(child, station);
      }
    };
    const [root] = profile.nodes;
    if (root !== undefined) visit(root, undefined);
    return addedUs;
  }

  timeOf(station: string): number {
    const functions = this.stations.get(station)?.values() ?? [];
    return [...functions].reduce((sum, us) => sum + us, 0);
  }

  /** The functions that took most of a station, dearest first. */
  dearest(station: string, count: number): { name: string; us: number }[] {
    const functions = [...(this.stations.get(station) ?? [])];
    functions.sort(([, a], [, b]) => b - a);
    return functions.slice(0, count).map(([name, us]) => ({ name, us }));
  }

  /** Adds a time that no profile tells of. */
  put(station: string, name: string, us: number): void {
    const functions = this.stations.get(station) ?? new Map<string, number>();
    functions.set(name, (functions.get(name) ?? 0) + us);
    this.stations.set(station, functions);
  }
}

/** Undefined where neither the function nor a caller tells. */
function stationOf(name: string, module: string, caller: string | undefined): string | undefined {
  if (name === '(garbage collector)') return COLLECTOR;
  return firstOf(OWN, module) ?? caller ?? firstOf(UNLESS_CALLED, module);
}

function firstOf(rules: Readonly<Record<string, RegExp>>, module: string): string | undefined {
  return Object.entries(rules).find(([, rule]) => rule.test(module))?.[0];
}

function fallback(module: string): string {
  return module === '' || module.startsWith('node:') ? NATIVE : OTHERS;
}
