import { decide } from '../../src/capacity/autoscale/decide.js';
import type { Policy } from '../../src/capacity/autoscale/policy.js';
import { NO_STATE, type RoleSample } from '../../src/capacity/autoscale/sample.js';
import { LatencyHistogram } from '../load/histogram.js';
import { Random } from '../lib/random.js';
import { SimulatedCluster } from '../simulator/cluster.js';
import { EventLoop } from '../simulator/event-loop.js';
import type { Question, SimulatedQueryNode } from '../simulator/query-node.js';
import type { ServiceTimes } from '../simulator/service-times.js';
import { durationMs, stepArrivals, type Change, type Step, type SteppedRun } from './steps.js';

/** What was measured of the cluster that is modelled. */
export interface Machine {
  /** What all of the cluster and who asks it have of the machine. */
  cores: number;
  /** Of who asks, for a search. */
  clientMs: number;
  /** A new query node, until it answers: a core's time, and what it waits for beside that. */
  start: { cpuMs: number; waitMs: number };
  /** The first searches of a new one take so many times as long of its own work: its code is not compiled yet. */
  cold: { searches: number; slowness: number };
  times: ServiceTimes;
}

export interface SteppedModelSpec {
  machine: Machine;
  policy: Policy;
  steps: readonly Step[];
  /** Names of the shards. */
  shards: readonly string[];
  next: () => Question;
  seed: number;
}

const HOST = 'h1';
const BEGINS_AT_MS = Date.UTC(2026, 10, 27);
/** After the last arrival: no search takes longer. */
const DRAIN_MS = 5_000;

/**
 * The load on a model of all processes of one machine, which share its cores with who asks and with nodes that start; what
 * decides is `decide`, as in the real cluster.
 */
export async function runModel(spec: SteppedModelSpec): Promise<SteppedRun> {
  const { machine, policy, steps, seed } = spec;
  const times = withoutClient(machine);
  const cluster = new SimulatedCluster({
    ...{ times, cores: machine.cores, seed, hedging: true, rowsOf: () => times.rowsPerShard },
    sites: spec.shards.map((node) => ({ node, host: HOST, zone: 'z1' })),
    queryHosts: [HOST],
  });
  const { clock } = cluster;
  const asker = new Asker(cluster, machine, seed);
  const nodes = new ScaledNodes(cluster, machine.start);
  const scaler = new ModelScaler(policy, nodes, asker, clock.now);
  const endMs = durationMs(steps);
  const look = (): void => {
    scaler.look();
    if (clock.now() < endMs) clock.after(scaler.everyMs, look);
  };
  clock.after(scaler.everyMs, look);
  const arrivals = stepArrivals(steps, new Random(seed, 'steps'))[Symbol.iterator]();
  const arrive = (): void => {
    const step = arrivals.next();
    if (step.done === true) return;
    clock.after(step.value - clock.now(), () => {
      asker.ask(spec.next());
      arrive();
    });
  };
  arrive();
  await clock.run(endMs + DRAIN_MS);
  const { searches, failed, latency } = asker;
  const [p50Ms, p99Ms] = [latency.percentileMs(50), latency.percentileMs(99)];
  return { searches, failed, p50Ms, p99Ms, changes: scaler.changes };
}

/** Who asks is a process of its own in the model: what it took was in the time of each search that was measured. */
function withoutClient({ times, clientMs }: Machine): ServiceTimes {
  const searches = times.searches.map((search) => ({
    ...search,
    ownMs: Math.max(search.ownMs * times.queryBusyShare, search.ownMs - clientMs),
  }));
  const sum = (all: ServiceTimes['searches']): number => all.reduce((a, { ownMs }) => a + ownMs, 0);
  const queryBusyShare = (times.queryBusyShare * sum(times.searches)) / sum(searches);
  return { ...times, queryBusyShare: Math.min(1, queryBusyShare), searches };
}

/** Sends searches from a process on the same machine, each to the least busy node: an idle one takes it from the port first. */
class Asker {
  readonly latency = new LatencyHistogram();
  searches = 0;
  failed = 0;
  /** Since the last look. */
  lap = 0;
  private readonly loop: EventLoop;
  private readonly random: Random;
  /** Searches that those that are still cold have had. */
  private readonly had = new Map<SimulatedQueryNode, number>();
  private readonly warm: ReadonlySet<SimulatedQueryNode>;

  /** Nodes that there are now are warm. */
  constructor(
    private readonly cluster: SimulatedCluster,
    private readonly machine: Machine,
    seed: number,
  ) {
    this.warm = new Set(cluster.queryNodes);
    this.loop = new EventLoop(cluster.hostOf(HOST));
    this.random = new Random(seed, 'port');
  }

  ask(question: Question): void {
    const { clock } = this.cluster;
    const dueMs = clock.now();
    this.searches += 1;
    const half = this.machine.clientMs / 2;
    this.loop.do(half, () => {
      this.lap += 1;
      void this.next()
        .search(question)
        .then(({ hasFailed }) => {
          this.loop.do(half, () => {
            if (hasFailed) this.failed += 1;
            this.latency.record(clock.now() - dueMs);
          });
        });
    });
  }

  private next(): SimulatedQueryNode {
    const node = this.leastBusy();
    if (this.warm.has(node)) return node;
    const { searches, slowness } = this.machine.cold;
    const had = this.had.get(node) ?? 0;
    this.had.set(node, had + 1);
    node.loop.slowness = had < searches ? slowness : 1;
    return node;
  }

  private leastBusy(): SimulatedQueryNode {
    const { queryNodes } = this.cluster;
    const least = Math.min(...queryNodes.map(({ loop }) => loop.length));
    return this.random.pick(queryNodes.filter(({ loop }) => loop.length === least));
  }
}

/** Query nodes that come and go on the one host. */
class ScaledNodes {
  asked = 1;
  /** As of the last look: of a new one that look tells nothing. */
  private told = 1;
  private generation = 0;

  constructor(
    private readonly cluster: SimulatedCluster,
    private readonly start: Machine['start'],
  ) {}

  /** Those that say how they did since the last look. */
  heard(): number {
    const ready = this.cluster.queryNodes.length;
    const heard = Math.min(this.told, ready);
    this.told = ready;
    return heard;
  }

  become(count: number): void {
    const { cluster, start } = this;
    const more = count - this.asked;
    this.asked = count;
    if (more < 0) {
      // Those that still start are given up first.
      this.generation += 1;
      cluster.queryNodes.splice(Math.min(count, cluster.queryNodes.length));
      return;
    }
    const { generation } = this;
    for (let i = 0; i < more; i++) {
      cluster.hostOf(HOST).work(start.cpuMs, () => {
        cluster.clock.after(start.waitMs, () => {
          if (generation === this.generation) cluster.addQueryNode(HOST);
        });
      });
    }
  }
}

/** The autoscaler: looks as often as the policy says, at what the nodes tell. */
class ModelScaler {
  readonly changes: Change[] = [];
  readonly everyMs: number;
  private state = NO_STATE;

  constructor(
    private readonly policy: Policy,
    private readonly nodes: ScaledNodes,
    private readonly asker: Asker,
    private readonly now: () => number,
  ) {
    this.everyMs = policy.roles.query_nodes?.everyMs ?? 1_000;
  }

  look(): void {
    const { policy, nodes, asker, everyMs } = this;
    const running = nodes.asked;
    const sample: RoleSample = {
      ...{ running, counted: running, heard: nodes.heard(), isOneMachine: true },
      qps: (1_000 * asker.lap) / everyMs,
    };
    asker.lap = 0;
    const nowMs = BEGINS_AT_MS + this.now();
    const verdict = decide(policy, { role: 'query_nodes', sample, state: this.state, nowMs });
    this.state = verdict.state;
    const { from, to } = verdict;
    if (from === undefined || to === undefined || from === to) return;
    this.changes.push({ atMs: this.now(), from, to });
    nodes.become(to);
  }
}
