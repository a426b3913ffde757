import { Type } from 'typebox';
import { STAGES, type Stage } from '../core/stage-times.js';
import type { JobStates } from '../jobs/job-figures.js';
import type { FiringAlert } from '../metrics/alertmanager-reply.js';
import type { AlertsView } from '../metrics/firing-alerts.js';
import type { LivePoint } from '../metrics/live-point.js';
import { OUTCOMES } from '../metrics/search-metrics.js';

/** Of `/admin/live`, `/admin/alerts` and `/admin/decisions`. */

const Count = Type.Integer({ minimum: 0 });
const Counts = Type.Array(Count);
const Ms = Type.Array(Type.Union([Type.Number({ minimum: 0 }), Type.Null()]));
const Unknown = <T extends ReturnType<typeof Type.Number>>(of: T) => Type.Union([of, Type.Null()]);

/** Columns: the values of all have the order of `at_ms`. */
const Points = Type.Object({
  at_ms: Counts,
  seconds: Type.Array(Type.Number({ minimum: 0 })),
  outcomes: Type.Object(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, Counts]))),
  latency_ms: Type.Object({ p50: Ms, p95: Ms, p99: Ms }),
  stages: Type.Record(Type.String(), Type.Object({ count: Counts, mean_ms: Ms, p95_ms: Ms })),
  caches: Type.Record(Type.String(), Type.Object({ hits: Counts, misses: Counts })),
});

const Job = Type.Object({
  kind: Type.String(),
  scheduled: Count,
  waiting: Count,
  active: Count,
  failed: Count,
  oldest_s: Type.Number({ minimum: 0 }),
});

export const LiveReply = Type.Object({
  node: Type.Object({
    host: Type.String(),
    process: Count,
    started_at: Type.String(),
    version: Type.String(),
  }),
  every_s: Type.Number(),
  window_s: Type.Number(),
  points: Points,
  queues: Type.Object({ searches: Count, embedding: Count }),
  jobs: Type.Union([Type.Array(Job), Type.Null()]),
  replicas_missing: Unknown(Type.Number()),
  categories_unavailable: Unknown(Type.Number()),
});

const Alert = Type.Object({
  name: Type.String(),
  severity: Type.String(),
  summary: Type.String(),
  since: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  runbook: Type.Union([Type.String(), Type.Null()]),
  silenced: Type.Boolean(),
});

export const AlertsReply = Type.Object({
  state: Type.Enum(['ok', 'unset', 'unreachable']),
  problem: Type.Union([Type.String(), Type.Null()]),
  count: Count,
  alerts: Type.Array(Alert),
});

export const DecisionsReply = Type.Object({
  decisions: Type.Array(
    Type.Object({
      at: Type.String(),
      by: Type.Union([Type.String(), Type.Null()]),
      what: Type.String(),
      why: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/** Points as columns: a tenth of what a list of objects would be. */
export function pointsBody(points: readonly LivePoint[]): object {
  const column = <T>(of: (point: LivePoint) => T): T[] => points.map(of);
  const stage = (name: Stage): object => ({
    count: column(({ stages }) => stages[name].count),
    mean_ms: column(({ stages }) => rounded(stages[name].meanMs)),
    p95_ms: column(({ stages }) => rounded(stages[name].p95Ms)),
  });
  const caches = [...new Set(points.flatMap((point) => Object.keys(point.caches)))];
  const cache = (name: string): object => ({
    hits: column((point) => point.caches[name]?.hits ?? 0),
    misses: column((point) => point.caches[name]?.misses ?? 0),
  });
  return {
    at_ms: column(({ atMs }) => atMs),
    seconds: column(({ seconds }) => rounded(seconds)),
    outcomes: Object.fromEntries(
      OUTCOMES.map((name) => [name, column(({ outcomes }) => outcomes[name])]),
    ),
    latency_ms: {
      p50: column(({ p50Ms }) => rounded(p50Ms)),
      p95: column(({ p95Ms }) => rounded(p95Ms)),
      p99: column(({ p99Ms }) => rounded(p99Ms)),
    },
    stages: Object.fromEntries(STAGES.map((name) => [name, stage(name)])),
    caches: Object.fromEntries(caches.map((name) => [name, cache(name)])),
  };
}

export function jobBody([kind, states]: readonly [kind: string, states: JobStates]): object {
  const { scheduled, waiting, active, failed, oldestMs } = states;
  return { kind, scheduled, waiting, active, failed, oldest_s: Math.round(oldestMs / 1_000) };
}

export function alertsBody(view: AlertsView): object {
  const nothing = { problem: null, count: 0, alerts: [] };
  if (view.state === 'unset') return { state: 'unset', ...nothing };
  if (view.state === 'unreachable') {
    return { state: 'unreachable', ...nothing, problem: view.problem };
  }
  const { count, alerts } = view;
  return { state: 'ok', problem: null, count, alerts: alerts.map(alertBody) };
}

function alertBody({ isSilenced, ...alert }: FiringAlert): object {
  return { ...alert, silenced: isSilenced };
}

/** To a microsecond. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000) / 1_000;
}
