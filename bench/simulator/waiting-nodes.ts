import type { LatencyHistogram } from '../load/histogram.js';
import { Random } from '../lib/random.js';
import type { ReplayedNodes } from './replay.js';
import { ServiceDraw, type ServiceTimes, type Stage } from './service-times.js';

/** What searches take, one entry each: of the query node's own loop, and elsewhere, milliseconds. */
export interface SearchCosts {
  loopMs: Float64Array;
  elsewhereMs: Float64Array;
}

/** Searches of which the costs are drawn; more tell nothing more of what was measured. */
const DRAWN = 20_000;

export interface CostSpec {
  times: ServiceTimes;
  /** Shards that a search asks. */
  parts: number;
  /** Of searches: texts whose words and choice nobody has kept. */
  newTextShare: number;
  seed: number;
}

/** What searches take while none waits for another, drawn of what was measured as the model of the whole cluster does. */
export function searchCosts({ times, parts, newTextShare, seed }: CostSpec): SearchCosts {
  const random = new Random(seed, 'costs');
  const draw = new ServiceDraw(times, random);
  const costs = { loopMs: new Float64Array(DRAWN), elsewhereMs: new Float64Array(DRAWN) };
  for (let i = 0; i < DRAWN; i++) {
    const search = draw.next();
    const own = draw.own(search);
    const isNew = random.next() < newTextShare;
    const stages: Stage[] = isNew ? ['words', 'choose', 'search'] : ['search'];
    const inShardsMs = stages.reduce((sum, stage) => {
      const costOf = draw.requests(search, stage);
      const each = Array.from({ length: parts }, () => costOf(times.rowsPerShard));
      // The slowest is waited for.
      return sum + Math.max(...each.map(({ cpuMs, waitMs }) => cpuMs + waitMs));
    }, 0);
    costs.loopMs[i] = own.cpuMs;
    costs.elsewhereMs[i] = own.waitMs + search.embeddingMs + inShardsMs;
  }
  return costs;
}

/** A search that waits for longer is out of time. */
const TIMEOUT_MS = 1_000;

interface Node {
  fromMs: number;
  /** When it has done all that it was given. */
  freeAtMs: number;
}

/**
 * Query nodes of a core each, in which searches wait for those before them. The balancer sends each to the less busy of
 * two: it does not know more of nodes than how many answers it waits for.
 */
export class WaitingNodes implements ReplayedNodes {
  searches = 0;
  failed = 0;
  private readonly nodes: Node[] = [];
  private ready: Node[] = [];
  private busyMs = 0;
  private lapSearches = 0;

  constructor(
    private readonly costs: SearchCosts,
    private readonly random: Random,
    private readonly latency: Pick<LatencyHistogram, 'record'>,
    atFirst: number,
  ) {
    this.add(atFirst, 0);
    this.ready = [...this.nodes];
  }

  get running(): number {
    return this.ready.length;
  }

  private add(count: number, fromMs: number): void {
    for (let i = 0; i < count; i++) this.nodes.push({ fromMs, freeAtMs: fromMs });
  }

  become(count: number, atMs: number, startMs: number): void {
    if (count > this.nodes.length) this.add(count - this.nodes.length, atMs + startMs);
    else this.nodes.length = count;
  }

  serve(fromMs: number, forMs: number, perSecond: number): void {
    const { costs, random, latency, nodes } = this;
    this.ready = nodes.filter((node) => node.fromMs <= fromMs);
    const { ready } = this;
    const meanGapMs = 1_000 / perSecond;
    const endMs = fromMs + forMs;
    for (let atMs = fromMs; ;) {
      atMs -= Math.log(1 - random.next()) * meanGapMs;
      if (atMs >= endMs) return;
      const i = random.below(costs.loopMs.length);
      const loopMs = costs.loopMs[i] as number;
      const [one, other] = [random.pick(ready), random.pick(ready)];
      const node = one.freeAtMs <= other.freeAtMs ? one : other;
      const waitMs = Math.max(0, node.freeAtMs - atMs);
      this.searches += 1;
      this.lapSearches += 1;
      if (waitMs > TIMEOUT_MS) {
        this.failed += 1;
        latency.record(TIMEOUT_MS);
        continue;
      }
      node.freeAtMs = atMs + waitMs + loopMs;
      this.busyMs += loopMs;
      latency.record(waitMs + loopMs + (costs.elsewhereMs[i] as number));
    }
  }

  lap(): { busyMs: number; searches: number } {
    const lap = { busyMs: this.busyMs, searches: this.lapSearches };
    [this.busyMs, this.lapSearches] = [0, 0];
    return lap;
  }
}
