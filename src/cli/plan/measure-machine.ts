import { availableParallelism } from 'node:os';
import type { Measured, ServerFigures } from '../../capacity/fit-coefficients.js';
import { SERVING_SETTINGS } from '../../config/serving-settings.js';
import { measureSegment, type MeasuredSegment } from './measure-segment.js';
import { measureServer, type MeasuredServer } from './measure-server.js';
import type { ProcessFigures } from './process-figures.js';
import type { Sample } from './sample.js';

type Size = readonly [rows: number, dimensions: number];

/** Measured first, whatever the time: without them nothing is known. */
const SMALL: readonly Size[] = [
  [2_500, 512],
  [2_500, 128],
];
/** In the order in which they are measured, as far as the time goes. */
const LARGE: readonly Size[] = [
  [10_000, 512],
  [10_000, 128],
  [30_000, 512],
  [100_000, 128],
  [100_000, 512],
];
const SERVERS = [5_500, 14_000];
const SHARDS = 2;
const DIMENSIONS = 512;
const QUERIES = 500;
const SEARCH_MS = 5_000;
/** A server that is started, comes to rest and is searched, whatever it has; and for each row of it. */
const SERVER_S = { fixed: 60, row: 0.003 };

/**
 * Small segments, servers, and then larger and larger segments, none that would not be done in time. Rejects where `signal`
 * aborts, after a build that goes on; nothing of it is left then.
 */
export async function measureMachine(
  sample: Sample,
  endMs: number,
  signal: AbortSignal,
): Promise<Pick<Measured, 'servers'> & { segments: MeasuredSegment[] }> {
  const segments: MeasuredSegment[] = [];
  const measure = async ([rows, dimensions]: Size): Promise<MeasuredSegment> => {
    process.stderr.write(`omnisearch: measuring ${rows} rows of ${dimensions} dimensions\n`);
    const measured = await measureSegment(sample, { rows, dimensions }, signal);
    segments.push(measured);
    return measured;
  };
  let last: MeasuredSegment | undefined;
  for (const size of SMALL) last = await measure(size);
  const servers = await measureServers(sample, endMs, signal);
  for (const size of LARGE) {
    // What is not building, reading products and searching, takes less than that again.
    const expectedS = last === undefined ? 0 : last.buildS * growthFrom(last, ...size);
    if (performance.now() + 2_000 * expectedS > endMs) break;
    last = await measure(size);
  }
  return { servers, segments };
}

/** None where the system does not tell what processes take. */
async function measureServers(
  sample: Sample,
  endMs: number,
  signal: AbortSignal,
): Promise<ServerFigures[]> {
  if (process.platform !== 'linux') return [];
  const servers: ServerFigures[] = [];
  for (const rows of SERVERS) {
    const { fixed, row } = SERVER_S;
    if (performance.now() + 1_000 * (fixed + row * rows) > endMs) break;
    process.stderr.write(`omnisearch: measuring a server of ${rows} products\n`);
    const spec = { rows, dimensions: DIMENSIONS, shards: SHARDS };
    const searches = { queries: QUERIES, forMs: SEARCH_MS };
    servers.push(serverFigures(await measureServer(sample, { ...spec, ...searches }, signal)));
  }
  return servers;
}

export function serverFigures(of: MeasuredServer): ServerFigures {
  const { rows, dimensions, shards, started, disk, alone, atOnce } = of;
  const sum = (role: ProcessFigures['role'], name: 'anonymous' | 'resident'): number =>
    started.reduce((all, each) => all + (each.role === role ? each[name] : 0), 0);
  return {
    ...{ rows, dimensions, shards, cores: availableParallelism() },
    partitionRows: SERVING_SETTINGS.partitionRows.default,
    shardHeapBytes: sum('shard', 'anonymous'),
    shardResidentBytes: sum('shard', 'resident'),
    queryHeapBytes: sum('query node', 'anonymous'),
    ...{ storeBytes: disk.store, aloneMs: alone.p50Ms, perSecond: atOnce.perSecond },
    ...{ queryCpuMs: atOnce.queryCpuMs, shardsCpuMs: atOnce.shardsCpuMs },
    clientCpuMs: atOnce.clientCpuMs,
  };
}

/** A build takes a search for each row, in a graph that has so many. */
function growthFrom(last: MeasuredSegment, rows: number, dimensions: number): number {
  const work = (of: { rows: number; dimensions: number }): number =>
    of.rows * Math.log(of.rows) * (of.dimensions + 64);
  return work({ rows, dimensions }) / work(last);
}
