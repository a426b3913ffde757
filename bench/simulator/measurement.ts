import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';
import type { Machine } from '../lib/machine.js';
import { REPOSITORY } from '../lib/paths.js';
import type { RequestTimes, ServiceTimes } from './service-times.js';
import type { Validation } from './validate.js';

/** What was measured on a real cluster, as it is kept. */
export interface Measurement {
  /** ISO 8601. */
  measuredAt: string;
  command: string;
  machine: Machine;
  /** CPU that other processes took of it meanwhile, 0 to 1. */
  foreignCpu: number;
  data: Record<string, unknown>;
  times: ServiceTimes;
  validation: Validation;
}

export const MEASURED = join(REPOSITORY, 'bench', 'simulator', 'measured.json');

/** Enough for a p99. */
const KEPT_SEARCHES = 300;

export async function readMeasurement(file: string): Promise<Measurement> {
  return JSON.parse(await readFile(file, 'utf8')) as Measurement;
}

export async function writeMeasurement(file: string, measurement: Measurement): Promise<void> {
  await writeFile(
    file,
    await format(JSON.stringify(measurement), { parser: 'json', printWidth: 100 }),
  );
}

/** Fewer searches of the same, evenly out of all, to a microsecond. */
export function thinned(times: ServiceTimes): ServiceTimes {
  const { searches } = times;
  const step = Math.max(1, searches.length / KEPT_SEARCHES);
  const kept = searches.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  const rounded = (requests: readonly RequestTimes[]): RequestTimes[] =>
    requests.map(([tookMs, wayMs]) => [round(tookMs), round(wayMs)]);
  return {
    ...times,
    shardBusyShare: round(times.shardBusyShare),
    queryBusyShare: round(times.queryBusyShare),
    searches: kept.map(({ requests: { words, choose, search }, ownMs, embeddingMs }) => ({
      requests: { words: rounded(words), choose: rounded(choose), search: rounded(search) },
      ownMs: round(ownMs),
      embeddingMs: round(embeddingMs),
    })),
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
