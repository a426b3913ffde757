import { setTimeout as sleep } from 'node:timers/promises';
import { Stage } from './alerts/stage.js';
import { bench } from './lib/bench.js';
import { print } from './lib/report.js';
import { formatTable } from './lib/table.js';

const FLAGS = {
  'quiet-seconds': { default: 60, help: 'of ordinary load, in which nothing may fire' },
  only: { default: '', help: 'faults whose alerts match' },
};
const FIRES_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 250;
const RESOLVES_WITHIN_MS = 90_000;
/** Rates need two windows of load before they mean anything. */
const WARM_UP_MS = 30_000;

/** What is done to the shop, and undone; and which alerts that brings. */
interface Fault {
  what: string;
  alerts: readonly string[];
  begin(stage: Stage): Promise<void> | void;
  end(stage: Stage): Promise<void> | void;
}

interface Seen {
  what: string;
  alert: string;
  firedMs: number | null;
  resolvedMs: number | null;
}

const signal = (name: NodeJS.Signals, pids: readonly number[]): void =>
  pids.forEach((pid) => void process.kill(pid, name));

const FAULTS: readonly Fault[] = [
  {
    what: 'a shard hangs',
    alerts: ['CategoryUnavailable', 'ReplicaDown', 'TargetDown'],
    begin: (stage) => signal('SIGSTOP', stage.pids('shard-node').slice(0, 1)),
    end: (stage) => signal('SIGCONT', stage.pids('shard-node').slice(0, 1)),
  },
  {
    what: 'all shards hang',
    alerts: ['SearchErrorsHigh', 'ErrorBudgetBurn', 'SearchP99High'],
    begin: (stage) => signal('SIGSTOP', stage.pids('shard-node')),
    end: (stage) => signal('SIGCONT', stage.pids('shard-node')),
  },
  {
    what: 'the query node hangs',
    alerts: ['QueryNodeDown'],
    begin: (stage) => signal('SIGSTOP', stage.pids('query-node')),
    end: (stage) => signal('SIGCONT', stage.pids('query-node')),
  },
  {
    what: 'nobody searches',
    alerts: ['TrafficLow'],
    begin: (stage) => stage.quiet(),
    end: (stage) => stage.shop(),
  },
  {
    what: 'Redis is stopped',
    alerts: ['RedisDown'],
    begin: (stage) => stage.stopRedis(),
    end: (stage) => stage.startRedis(),
  },
  {
    what: 'a certificate of 3 days',
    alerts: ['CertificateExpires'],
    begin: (stage) => stage.renew(3),
    end: (stage) => stage.renew(365),
  },
  {
    what: 'no backup is taken',
    alerts: ['BackupOld'],
    begin: (stage) => stage.noBackups(),
    end: (stage) => stage.takeBackups(),
  },
];

await bench(
  {
    name: 'alerts',
    about:
      'Faults on real processes with a real Prometheus: which alert fires, and ends, after how long.',
    maxMinutes: ({ 'quiet-seconds': quiet }) => 20 + Math.ceil(quiet / 60),
    flags: FLAGS,
  },
  async (run) => {
    const stage = await run.start(Stage.open());
    stage.shop();
    await sleep(WARM_UP_MS);
    const quietMs = (run.flags.quick ? 10 : run.flags['quiet-seconds']) * 1_000;
    run.say('ordinary load');
    const falsely = await firedDuring(stage, quietMs);
    print('fired under ordinary load', [...falsely].join(', ') || 'none');
    const only = new RegExp(run.flags.only);
    const seen: Seen[] = [];
    for (const fault of FAULTS.filter(({ alerts }) => alerts.some((name) => only.test(name)))) {
      run.say(fault.what);
      seen.push(...(await play(stage, fault)));
    }
    const table = seen.map(({ what, alert, firedMs, resolvedMs }) => ({
      ...{ fault: what, alert },
      'fired after, s': firedMs === null ? 'never' : firedMs / 1_000,
      'resolved after, s': resolvedMs === null ? 'never' : resolvedMs / 1_000,
    }));
    print('staged faults', formatTable(table));
    return {
      data: { scrapeMs: 1_000, quietMs },
      results: { falsely: [...falsely], seen },
      figures: seen.map(({ alert, firedMs }) => ({
        ...{ name: `${alert} fired after`, value: (firedMs ?? NaN) / 1_000, unit: 's' },
      })),
    };
  },
);

async function firedDuring(stage: Stage, ms: number): Promise<ReadonlySet<string>> {
  const fired = new Set<string>();
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    for (const name of await stage.prometheus.firing()) fired.add(name);
    await sleep(LOOK_EVERY_MS);
  }
  return fired;
}

/** Plays a fault; the times are from its beginning, and from its end. */
async function play(stage: Stage, fault: Fault): Promise<Seen[]> {
  await fault.begin(stage);
  const fired = await timesUntil(stage, fault.alerts, true, FIRES_WITHIN_MS);
  await fault.end(stage);
  // What never fired has nothing to end.
  const resolved = await timesUntil(stage, [...fired.keys()], false, RESOLVES_WITHIN_MS);
  return fault.alerts.map((alert) => ({
    ...{ what: fault.what, alert },
    firedMs: fired.get(alert) ?? null,
    resolvedMs: resolved.get(alert) ?? null,
  }));
}

async function timesUntil(
  stage: Stage,
  alerts: readonly string[],
  fires: boolean,
  limitMs: number,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  const startMs = performance.now();
  while (times.size < alerts.length && performance.now() - startMs < limitMs) {
    const firing = await stage.prometheus.firing();
    for (const name of alerts) {
      if (firing.has(name) !== fires || times.has(name)) continue;
      times.set(name, Math.round(performance.now() - startMs));
    }
    await sleep(LOOK_EVERY_MS);
  }
  return times;
}
