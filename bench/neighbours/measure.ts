import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchResult, BenchRun } from '../lib/bench.js';
import type { FlagSpecs } from '../lib/flags.js';
import { median } from '../lib/median.js';
import { print } from '../lib/report.js';
import { formatTable } from '../lib/table.js';
import type { LoadOutcome, LoadSpec } from './load-spec.js';
import { runLoad } from './run-load.js';

/** Between two measurements: what one left behind is not to count for the next. */
const PAUSE_MS = 2_000;

/** The quiet shop alone, the other's loads alone, and all at once; a load has the name of its kind. */
export interface Round {
  quiet: Outcomes;
  alone: Outcomes;
  beside: Outcomes;
  load: Outcomes;
}

type Outcomes = Partial<Record<LoadSpec['kind'], LoadOutcome>>;

/** Measures `rounds` times; `loads` is asked for each of its runs, which are numbered through. */
export async function measureRounds(
  run: BenchRun<FlagSpecs>,
  name: string,
  rounds: number,
  quiet: readonly LoadSpec[],
  loads: (number: number) => readonly LoadSpec[],
): Promise<Round[]> {
  const measured: Round[] = [];
  for (let i = 1; i <= rounds; i++) {
    const before = await run.measure(`${name}: quiet ${i}`, () => runAll(quiet));
    const alone = await run.measure(`${name}: alone ${i}`, () => runAll(loads(2 * i)));
    await sleep(PAUSE_MS);
    const [beside, load] = await run.measure(`${name}: both ${i}`, () =>
      Promise.all([runAll(quiet), runAll(loads(2 * i + 1))]),
    );
    await sleep(PAUSE_MS);
    measured.push({ quiet: before, alone, beside, load });
  }
  report(name, measured);
  return measured;
}

async function runAll(specs: readonly LoadSpec[]): Promise<Outcomes> {
  const outcomes = await Promise.all(
    specs.map(async (spec) => [spec.kind, await runLoad(spec)] as const),
  );
  return Object.fromEntries(outcomes);
}

/** The medians that count. What is served of several loads is the mean of their shares. */
export function figuresOf(name: string, rounds: readonly Round[]): BenchResult['figures'] {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const shares = of(({ alone, load }) => {
    const kinds = Object.keys(alone) as LoadSpec['kind'][];
    const sum = kinds.reduce((all, kind) => all + answered(load, kind) / answered(alone, kind), 0);
    return sum / kinds.length;
  });
  const refused = rounds.reduce((all, { beside }) => all + (beside.steady?.refused ?? 0), 0);
  const figures = [
    {
      name: `${name}: quiet shop alone, p99`,
      value: of((r) => r.quiet.steady?.latency.p99_ms ?? NaN),
      unit: 'ms',
    },
    {
      name: `${name}: quiet shop beside it, p99`,
      value: of((r) => r.beside.steady?.latency.p99_ms ?? NaN),
      unit: 'ms',
    },
    { name: `${name}: quiet shop beside it, refused`, value: refused, unit: '' },
    { name: `${name}: served beside it, of what it is alone`, value: shares, unit: '' },
  ];
  if (rounds.every(({ beside }) => beside.writes === undefined)) return figures;
  const slowest = of((r) => r.beside.writes?.latency.max_ms ?? NaN);
  return [...figures, { name: `${name}: slowest write beside it`, value: slowest, unit: 'ms' }];
}

function answered(outcomes: Outcomes, kind: LoadSpec['kind']): number {
  return outcomes[kind]?.answered ?? 0;
}

function report(name: string, rounds: readonly Round[]): void {
  const names = {
    quiet: 'quiet shop, alone',
    beside: `quiet shop, beside the ${name}`,
    alone: `${name}, alone`,
    load: `${name}, beside the quiet shop`,
  };
  const rows = rounds.flatMap((round, i) =>
    (['quiet', 'beside', 'alone', 'load'] as const).flatMap((of) =>
      Object.entries(round[of]).map(([kind, outcome]) => ({
        round: i + 1,
        load: names[of],
        kind,
        ...rowOf(outcome),
      })),
    ),
  );
  print(`${name} by round`, formatTable(rows));
}

function rowOf(outcome: LoadOutcome) {
  const { answered, refused, failed, failures, partial, late, worst_late_ms, latency } = outcome;
  return {
    answered,
    refused,
    failed: failed === 0 && refused === 0 ? '0' : `${failed} ${JSON.stringify(failures)}`,
    partial,
    'p50 ms': latency.p50_ms,
    'p99 ms': latency.p99_ms,
    late,
    'worst late ms': worst_late_ms,
  };
}
