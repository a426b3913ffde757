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

/** The quiet shop alone, the other's load alone, and both at once. */
export interface Round {
  quiet: LoadOutcome;
  alone: LoadOutcome;
  beside: LoadOutcome;
  load: LoadOutcome;
}

/** Measures `rounds` times; `load` is asked for each of its runs, which are numbered through. */
export async function measureRounds(
  run: BenchRun<FlagSpecs>,
  name: string,
  rounds: number,
  steady: LoadSpec,
  load: (number: number) => LoadSpec,
): Promise<Round[]> {
  const measured: Round[] = [];
  for (let i = 1; i <= rounds; i++) {
    const quiet = await run.measure(`${name}: quiet ${i}`, () => runLoad(steady));
    const alone = await run.measure(`${name}: alone ${i}`, () => runLoad(load(2 * i)));
    await sleep(PAUSE_MS);
    const [beside, loaded] = await run.measure(`${name}: both ${i}`, () =>
      Promise.all([runLoad(steady), runLoad(load(2 * i + 1))]),
    );
    await sleep(PAUSE_MS);
    measured.push({ quiet, alone, beside, load: loaded });
  }
  report(name, measured);
  return measured;
}

/** The medians that count. */
export function figuresOf(name: string, rounds: readonly Round[]): BenchResult['figures'] {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const share = of(({ alone, load }) => load.answered / alone.answered);
  return [
    {
      name: `${name}: quiet shop alone, p99`,
      value: of((r) => r.quiet.latency.p99_ms),
      unit: 'ms',
    },
    {
      name: `${name}: quiet shop beside it, p99`,
      value: of((r) => r.beside.latency.p99_ms),
      unit: 'ms',
    },
    { name: `${name}: served beside it, of what it is alone`, value: share, unit: '' },
  ];
}

function report(name: string, rounds: readonly Round[]): void {
  const rows = rounds.flatMap((round, i) =>
    (['quiet', 'beside', 'alone', 'load'] as const).map((kind) => {
      const { answered, refused, failed, failures, partial, late, worst_late_ms, latency } =
        round[kind];
      const names = {
        quiet: 'quiet shop, alone',
        beside: `quiet shop, beside the ${name}`,
        alone: `${name}, alone`,
        load: `${name}, beside the quiet shop`,
      };
      return {
        round: i + 1,
        load: names[kind],
        answered,
        refused,
        failed: failed === 0 && refused === 0 ? '0' : `${failed} ${JSON.stringify(failures)}`,
        partial,
        'p50 ms': latency.p50_ms,
        'p99 ms': latency.p99_ms,
        late,
        'worst late ms': worst_late_ms,
      };
    }),
  );
  print(`${name} by round`, formatTable(rows));
}
