import type { BenchReport, Figure } from './report.js';
import type { Machine } from './machine.js';
import { formatBytes, formatNumber } from './table.js';

/** One file of `bench/results/`: what a release did on one machine. */
export interface ReleaseSummary {
  release: string;
  machine: Machine;
  /** By bench name. */
  benches: Record<
    string,
    {
      command: string;
      measured_at: string;
      commit: string;
      noisy: boolean;
      data: Record<string, unknown>;
      versions: Record<string, string>;
      figures: Figure[];
    }
  >;
}

const START = '<!-- figures:start (filled by npm run bench:summary) -->';
const END = '<!-- figures:end -->';

/**
 * A summary with these reports in it, replacing those of the same benches. Throws when they come from
 * different machines: their figures do not belong in one table.
 */
export function summarise(
  release: string,
  before: ReleaseSummary | undefined,
  reports: readonly BenchReport[],
): ReleaseSummary {
  const machine = before?.machine ?? reports[0]?.machine;
  if (machine === undefined) throw new Error('no report to summarise');
  const benches = { ...before?.benches };
  for (const report of reports) {
    if (report.machine.cpu !== machine.cpu || report.machine.cores !== machine.cores) {
      throw new Error(`bench:${report.bench} was run on another machine (${report.machine.cpu})`);
    }
    benches[report.bench] = {
      command: report.command,
      measured_at: report.started_at,
      commit: report.versions['commit'] ?? 'unknown',
      noisy: report.noise.noisy,
      data: report.data,
      versions: report.versions,
      figures: report.figures,
    };
  }
  return { release, machine, benches };
}

/** The figures as Markdown: one row each, with the command that measured it. */
export function figuresTable({ release, machine, benches }: ReleaseSummary): string {
  const rows = Object.values(benches).flatMap(({ command, noisy, figures }) =>
    figures.map(({ name, value, unit }) => {
      const text = unit === 'bytes' ? formatBytes(value) : `${formatNumber(value)} ${unit}`.trim();
      return `| ${name} | ${text}${noisy ? ' (noisy)' : ''} | \`${command}\` |`;
    }),
  );
  const memory = formatBytes(machine.memory_bytes);
  return [
    `Release ${release} on ${machine.cpu}, ${machine.cores} cores, ${memory}, Node ${machine.node}.`,
    '',
    '| what | figure | measured by |',
    '| --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** README with the text between the two markers replaced. Throws when a marker is absent. */
export function fillReadme(readme: string, table: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start) throw new Error(`README.md lacks ${START} and ${END}`);
  return `${readme.slice(0, start + START.length)}\n\n${table}\n\n${readme.slice(end)}`;
}
