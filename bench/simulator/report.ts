import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePlot } from '../lib/plot.js';
import { formatNumber } from '../lib/table.js';
import type { Measurement } from './measurement.js';
import type { PhaseResult, Window } from './run-phases.js';
import { ratiosOf } from './validate.js';

/** One run of all phases. */
export interface ScenarioRun {
  phases: PhaseResult[];
  windows: Window[];
}

export interface ScenarioReport {
  command: string;
  /** What was placed and asked, in lines. */
  facts: readonly string[];
  hedged: ScenarioRun;
  unhedged: ScenarioRun;
  measurement: Measurement;
}

/** A phase as a row of the tables. */
export function phaseRow(phase: PhaseResult) {
  const { name, searches, failed, partial, latency, hedgeShare, imbalance } = phase;
  const { retryShare, moveShare } = phase;
  return {
    phase: name,
    searches,
    failed,
    partial,
    'p50 ms': latency.p50_ms,
    'p99 ms': latency.p99_ms,
    'p99.9 ms': latency.p999_ms,
    'hedges %': 100 * hedgeShare,
    'retries %': 100 * retryShare,
    'moves %': 100 * moveShare,
    'load max/mean': imbalance,
  };
}

/** Writes `simulator.md` and its plots into `folder`. */
export async function writeScenario(folder: string, report: ScenarioReport): Promise<void> {
  const { hedged, unhedged } = report;
  await writePlot(join(folder, 'simulator-latency.svg'), latencyLines(hedged, unhedged), {
    title: 'Searches while hosts and zones fail',
    x: 'virtual time, s',
    y: 'ms',
    isEvenX: true,
    marks: marksOf(hedged.phases),
  });
  await writePlot(join(folder, 'simulator-load.svg'), loadLines(hedged.phases), {
    title: 'Requests that each shard process answered',
    x: 'shard processes, the busiest first',
    y: 'times the mean of all',
  });
  await writeFile(join(folder, 'simulator.md'), markdown(report));
  process.stderr.write(`• report written to ${join(folder, 'simulator.md')}\n`);
}

function latencyLines(hedged: ScenarioRun, unhedged: ScenarioRun) {
  const points = (windows: readonly Window[], y: (window: Window) => number) =>
    windows.map((window) => ({ x: window.atS, y: y(window) }));
  return [
    { name: 'p50', points: points(hedged.windows, ({ p50Ms }) => p50Ms) },
    { name: 'p99', points: points(hedged.windows, ({ p99Ms }) => p99Ms) },
    { name: 'p99 without hedging', points: points(unhedged.windows, ({ p99Ms }) => p99Ms) },
  ];
}

function marksOf(phases: readonly PhaseResult[]) {
  let x = 0;
  return phases.map(({ name, seconds }) => {
    const mark = { x, name };
    x += seconds;
    return mark;
  });
}

const LOAD_PHASES = ['quiet', 'a host killed', 'a zone killed'];

function loadLines(phases: readonly PhaseResult[]) {
  return phases
    .filter(({ name }) => LOAD_PHASES.includes(name))
    .map(({ name, answered }) => {
      const mean = answered.reduce((sum, count) => sum + count, 0) / answered.length;
      const sorted = answered.toSorted((a, b) => b - a);
      return { name, points: sorted.map((count, i) => ({ x: i + 1, y: count / mean })) };
    });
}

function markdown({ command, facts, hedged, unhedged, measurement }: ScenarioReport): string {
  const { measuredAt, machine, foreignCpu, times, validation } = measurement;
  const { real, simulated, rate } = validation;
  const within = ratiosOf(validation).every(({ ratio }) => Math.abs(ratio - 1) <= 0.2);
  return `# The cluster beyond the machines we have

Written by \`${command}\`; what it is and is not: [decision 0079](decisions/0079-simulator.md). The planner, the plan of a search, its
fan-out, the choice of replicas, hedging and health are those of \`src\`; machines, processes and the network between them are a
discrete-event model, and what their work takes was measured.

## What is simulated

${facts.map((fact) => `- ${fact}`).join('\n')}

## With hedging

${table(hedged.phases.map(phaseRow))}

Hedges, retries (after a failure) and moves (away from a node that hangs) are further requests, in percent of those that were asked for; the load is
that of the busiest shard process beside the mean of those that answered anything.

![Latencies over time](simulator-latency.svg)

![Requests of each shard process](simulator-load.svg)

## Without hedging

${table(unhedged.phases.map(phaseRow))}

## Beside a real cluster

Service times are of ${measuredAt.slice(0, 10)}, on ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}: ${times.searches.length} searches of real queries one at a time, on shards of
${formatNumber(times.rowsPerShard)} rows; of other processes the noise meter saw ${formatNumber(100 * foreignCpu)} % of the machine meanwhile, in the quieter half of all rounds. The same cluster at ${rate} searches a second (open loop), beside its model at that rate:

${table(
  ratiosOf(validation).map(({ what, ...row }) => ({
    figure: { p50Ms: 'p50 ms', p99Ms: 'p99 ms', imbalance: 'load max/mean' }[what],
    ...row,
  })),
)}

${real.searches} real searches, ${real.failed} failed; ${simulated.searches} simulated, ${simulated.failed} failed. ${within ? 'All within 20 %.' : 'Not all within 20 %.'}
`;
}

type Cell = string | number;

function table(rows: readonly Record<string, Cell>[]): string {
  const headers = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const shown = (cell: Cell | undefined): string =>
    typeof cell === 'number' ? formatNumber(cell) : (cell ?? '');
  return [
    line(headers),
    line(headers.map(() => '---')),
    ...rows.map((row) => line(headers.map((header) => shown(row[header])))),
  ].join('\n');
}
