import { OmniSearchError } from '../../client/errors.js';
import { Transport } from '../../client/transport.js';
import type { Config } from '../../config/settings.js';
import { DAY_MS } from '../../core/days.js';
import { reasonOf } from '../../core/errors.js';
import { problemOf } from '../api-problem.js';
import { MetricsPage } from '../metrics-text.js';
import { sizeText } from '../placement-texts.js';
import { complain, print, WRONG_USAGE } from '../terminal.js';
import { linesOf } from '../text-table.js';
import { periodOf, type Period } from './period.js';
import { addToReport, readReport } from './report-file.js';
import { snapshotOf, type Snapshot } from './snapshot.js';

const COULD_NOT = 1;
const WEEK_MS = 7 * DAY_MS;
const USAGE = 'usage: omnisearch report --save | --compare';

type ReportConfig = Pick<Config, 'url' | 'adminKey' | 'json' | 'save' | 'compare' | 'reportFile'>;

/**
 * `omnisearch report --save` keeps a node's figures in a file, once an hour by cron; `--compare` shows the last seven days
 * beside those before. Resolves with the exit code: 0; 1 when it could not; 2 for wrong usage.
 */
export async function runReport(config: ReportConfig): Promise<number> {
  const { save, compare, reportFile } = config;
  if (!save && !compare) return complain(WRONG_USAGE, USAGE);
  try {
    if (save) await addToReport(reportFile, await take(config));
    if (compare) tell(await readReport(reportFile), config.json);
    return 0;
  } catch (error) {
    const why = error instanceof OmniSearchError ? problemOf(error) : reasonOf(error);
    return complain(COULD_NOT, why);
  }
}

async function take({ url, adminKey }: ReportConfig): Promise<Snapshot> {
  const transport = new Transport({ addresses: [url], apiKey: adminKey });
  const reads = { isWhole: (text: string) => text.endsWith('\n') };
  const call = { method: 'GET', path: 'metrics', twice: 'nothing', reads } as const;
  return snapshotOf(new MetricsPage(String(await transport.call(call))), url, new Date());
}

function tell(snapshots: readonly Snapshot[], json: boolean): void {
  const nowMs = Date.now();
  const last = periodOf(snapshots, nowMs - WEEK_MS, Infinity);
  const before = periodOf(snapshots, nowMs - 2 * WEEK_MS, nowMs - WEEK_MS);
  if (json) print(JSON.stringify({ last: bodyOf(last), before: bodyOf(before) }));
  else for (const line of linesOf(rowsOf(last, before))) print(line);
}

function bodyOf({ hours, p95Ms, searchesPerS, errorShare, cpu, memoryBytes }: Period): object {
  return {
    ...{ hours, p95_ms: p95Ms, searches_per_s: searchesPerS, error_share: errorShare },
    ...{ cpu, memory_bytes: memoryBytes },
  };
}

function rowsOf(last: Period, before: Period): string[][] {
  const row = (name: string, of: (period: Period) => number | null, text = rounded): string[] => {
    const [now, then] = [of(last), of(before)];
    const change = now === null || then === null || then === 0 ? '' : percent(now / then - 1, '+');
    return [name, then === null ? '-' : text(then), now === null ? '-' : text(now), change];
  };
  return [
    ['', 'THE WEEK BEFORE', 'LAST 7 DAYS', 'CHANGE'],
    row('hours covered', ({ hours }) => hours),
    row('p95, ms', ({ p95Ms }) => p95Ms),
    row('searches a second', ({ searchesPerS }) => searchesPerS),
    row('errors', ({ errorShare }) => errorShare, percent),
    row('processors', ({ cpu }) => cpu),
    row('memory at most', ({ memoryBytes }) => memoryBytes, sizeText),
  ];
}

function rounded(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

function percent(share: number, plus = ''): string {
  return `${share > 0 ? plus : ''}${(share * 100).toFixed(2)} %`;
}
