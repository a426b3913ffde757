import { decide } from '../../src/capacity/autoscale/decide.js';
import type { Policy } from '../../src/capacity/autoscale/policy.js';
import { NO_STATE, type Change, type RoleSample } from '../../src/capacity/autoscale/sample.js';
import { HOUR_MS, type Load } from './shop-day.js';

/** Query nodes of a model. */
export interface ReplayedNodes {
  /** Those that answer. */
  readonly running: number;
  /** New ones answer `startMs` after `atMs`; those that are too many end what they were given, and no more. */
  become(count: number, atMs: number, startMs: number): void;
  /** So many searches a second for `forMs` from `fromMs` on. */
  serve(fromMs: number, forMs: number, perSecond: number): void;
  /** What was done since the last lap; all nodes' time together. */
  lap(): { busyMs: number; searches: number };
}

export interface ReplaySpec {
  policy: Policy;
  load: Load;
  durationMs: number;
  /** Epoch milliseconds of the beginning: schedules are by the clock. */
  beginsAtMs: number;
  /** With as many as run at first. */
  nodes: ReplayedNodes;
  /** From the order until a node answers. */
  startMs: number;
  /** Whether the nodes can be asked for nothing at that time. */
  isDead?: (atMs: number) => boolean;
}

/** How things were at a look. */
export interface Look {
  atMs: number;
  qps: number;
  /** Those that were asked for. */
  nodes: number;
  reason: string;
}

export interface Replayed {
  changes: readonly Change[];
  /** In any hour. */
  mostChangesAnHour: number;
  /** From the order of each until it goes. */
  nodeHours: number;
  /** Of one who knows the load, and has as many as it takes, another number every ten minutes. */
  oracleNodeHours: number;
  looks: readonly Look[];
}

const STEP_MS = 1_000;
/** The oracle makes no more changes an hour than the policy may. */
const ORACLE_MS = 600_000;
const NANOS = 1e6;

/**
 * A policy beside a load, on a virtual clock: what decides is `decide`, as in a cluster. Nodes take as long to answer as
 * their queues make them, and as long to start as clouds do.
 */
export function replay(spec: ReplaySpec): Replayed {
  const { policy, load, durationMs, beginsAtMs, startMs, nodes } = spec;
  const bounds = policy.roles.query_nodes;
  if (bounds === undefined) throw new RangeError('the policy has no query nodes');
  let [asked, paidMs, oracleMs] = [nodes.running, 0, 0];
  let state = NO_STATE;
  const changes: Change[] = [];
  const looks: Look[] = [];
  for (let atMs = 0; atMs < durationMs; atMs += STEP_MS) {
    if (atMs > 0 && atMs % bounds.everyMs === 0) {
      const isDead = spec.isDead?.(atMs) ?? false;
      const sample = sampleOf(nodes, bounds.everyMs, isDead);
      const nowMs = beginsAtMs + atMs;
      const verdict = decide(policy, { role: 'query_nodes', sample, state, nowMs });
      state = verdict.state;
      const { from = asked, to = asked, reason } = verdict;
      if (to !== from) {
        changes.push({ atMs, from, to });
        nodes.become(to, atMs, startMs);
        asked = to;
      }
      looks.push({ atMs, qps: load(atMs), nodes: asked, reason });
    }
    nodes.serve(atMs, STEP_MS, load(atMs));
    paidMs += asked * STEP_MS;
    if (atMs % ORACLE_MS === 0) oracleMs += ORACLE_MS * oracleAt(spec, atMs);
  }
  return {
    ...{ changes, looks },
    mostChangesAnHour: mostWithin(changes, HOUR_MS),
    ...{ nodeHours: paidMs / HOUR_MS, oracleNodeHours: oracleMs / HOUR_MS },
  };
}

function sampleOf(nodes: ReplayedNodes, everyMs: number, isDead: boolean): RoleSample {
  const { busyMs, searches } = nodes.lap();
  // Leases go on while the nodes' own pages cannot be read.
  const { running } = nodes;
  if (isDead) return { running, heard: 0 };
  const cpu = Math.min(1, busyMs / (everyMs * Math.max(1, running)));
  return { running, heard: running, cpu, qps: (searches * 1_000) / everyMs };
}

function oracleAt({ policy, load }: ReplaySpec, fromMs: number): number {
  const { min = 1, qpsPerNode = 1 } = policy.roles.query_nodes ?? {};
  let most = 0;
  for (let atMs = fromMs; atMs < fromMs + ORACLE_MS; atMs += STEP_MS) {
    most = Math.max(most, load(atMs));
  }
  // Not one more for what numbers with a point are wrong by.
  return Math.max(min, Math.ceil(most / qpsPerNode - 1 / NANOS));
}

function mostWithin(changes: readonly Change[], withinMs: number): number {
  return changes.reduce((most, { atMs }) => {
    const within = changes.filter((each) => each.atMs > atMs - withinMs && each.atMs <= atMs);
    return Math.max(most, within.length);
  }, 0);
}
