import { DEFAULT_COEFFICIENTS, type Coefficients } from './coefficients.js';
import { mappedRowBytes, storeRowBytes } from './data-size.js';
import { lineThrough } from './least-squares.js';
import { askedParts, eachMs, slowestWalkMs } from './one-machine.js';
import { graphMs } from './search-cost.js';

/** A segment of the engine, searched in a process of its own. */
interface SegmentFigures {
  rows: number;
  dimensions: number;
  cpuUs: number;
  textBytes: number;
  linkBytes: number;
  /** Memory that is of no file; undefined: the system does not tell. */
  heapBytes: number | undefined;
}

/** A server of one query node, at rest. Memory is of all shards together, and of the query node. */
export interface ServerFigures {
  rows: number;
  dimensions: number;
  shards: number;
  partitionRows: number;
  cores: number;
  shardHeapBytes: number;
  shardResidentBytes: number;
  queryHeapBytes: number;
  storeBytes: number;
  /** Searches by vector: one at a time; and many at once, a core's time of a search. */
  aloneMs: number;
  perSecond: number;
  queryCpuMs: number;
  shardsCpuMs: number;
  clientCpuMs: number;
}

/** What was measured on a machine. */
export interface Measured {
  /** One at least. */
  segments: readonly SegmentFigures[];
  /** None: what only a server shows is taken from the defaults. */
  servers: readonly ServerFigures[];
  embedCpuMs: number;
  modelBytes: number | undefined;
  documentBytes: number;
}

/** The size for which the coefficients of a search stand. */
const ROWS = 10_000;
const DIMENSIONS = 512;
/** A coefficient is above 0, whatever was measured. */
const LEAST = 0.001;

/**
 * The coefficients of a machine. What a walk through a graph takes here beside what it took where the defaults were
 * measured is taken for how fast the machine is, also in what is not measured by itself.
 */
export function fitCoefficients(measured: Measured): Coefficients {
  const { segments, servers, embedCpuMs, documentBytes, modelBytes } = measured;
  const graph = graphLine(segments);
  const slowness = graph.graph_cpu_ms / DEFAULT_COEFFICIENTS.graph_cpu_ms;
  const largest = largestOf(segments);
  const { query_cpu_ms, query_part_cpu_ms, choose_cpu_ms, look_cpu_ms } = DEFAULT_COEFFICIENTS;
  const ofSegments: Coefficients = {
    ...DEFAULT_COEFFICIENTS,
    ...graph,
    query_cpu_ms: query_cpu_ms * slowness,
    query_part_cpu_ms: query_part_cpu_ms * slowness,
    choose_cpu_ms: choose_cpu_ms * slowness,
    look_cpu_ms: look_cpu_ms * slowness,
    embed_cpu_ms: embedCpuMs,
    model_bytes: Math.max(LEAST, modelBytes ?? DEFAULT_COEFFICIENTS.model_bytes),
    document_bytes: documentBytes,
    text_bytes: largest?.textBytes ?? DEFAULT_COEFFICIENTS.text_bytes,
    link_bytes: largest?.linkBytes ?? DEFAULT_COEFFICIENTS.link_bytes,
    ...heapOf(segments),
  };
  return servers.length === 0 ? ofSegments : withServers(ofSegments, servers);
}

function largestOf(segments: readonly SegmentFigures[]): SegmentFigures | undefined {
  return segments.reduce<SegmentFigures | undefined>(
    (most, each) => (most === undefined || each.rows >= most.rows ? each : most),
    undefined,
  );
}

/**
 * A walk's time at the size for which it stands, by least squares: a part that is always there, and one that grows with
 * dimensions and the logarithm of rows. Of one size alone all of it is taken to grow.
 */
function graphLine(
  segments: readonly SegmentFigures[],
): Pick<Coefficients, 'graph_cpu_ms' | 'graph_growth_ms'> {
  const points = segments.map(({ rows, dimensions, cpuUs }) => ({
    x: ((dimensions / DIMENSIONS) * Math.log(rows)) / Math.log(ROWS),
    y: cpuUs / 1_000,
  }));
  const { meanX, meanY, slope = meanY / meanX } = lineThrough(points);
  const graph_growth_ms = Math.max(LEAST, slope);
  return { graph_cpu_ms: Math.max(LEAST, meanY + graph_growth_ms * (1 - meanX)), graph_growth_ms };
}

/** What more rows add; as with the defaults where there is one size. A process has some for a segment of any size. */
function heapOf(
  segments: readonly SegmentFigures[],
): Partial<Pick<Coefficients, 'row_heap_bytes'>> {
  const points = segments.flatMap(({ rows, heapBytes }) =>
    heapBytes === undefined ? [] : [{ x: rows, y: heapBytes }],
  );
  if (points.length === 0) return {};
  const { slope } = lineThrough(points);
  return slope === undefined ? {} : { row_heap_bytes: Math.max(LEAST, slope) };
}

/**
 * What is left of a server's figures without what its rows and walks take: sizes on the mean of all servers; of times the
 * least, since whatever else a machine does makes them longer.
 */
function withServers(of: Coefficients, servers: readonly ServerFigures[]): Coefficients {
  const mean = (each: (server: ServerFigures) => number): number =>
    Math.max(LEAST, servers.reduce((sum, server) => sum + each(server), 0) / servers.length);
  const least = (each: (server: ServerFigures) => number): number =>
    Math.max(LEAST, Math.min(...servers.map(each)));
  const asked = ({ rows, partitionRows, shards }: ServerFigures): number =>
    askedParts(rows, partitionRows, shards);
  const walkMs = (server: ServerFigures): number =>
    graphMs(server.rows / asked(server), server.dimensions, of);
  const heap = ({ rows }: ServerFigures): number => rows * of.row_heap_bytes;
  const mapped = ({ rows, dimensions }: ServerFigures): number =>
    rows * mappedRowBytes(dimensions, of);
  const fitted: Coefficients = {
    ...of,
    shard_process_bytes: mean((each) => (each.shardHeapBytes - heap(each)) / each.shards),
    program_bytes: mean(
      (each) => (each.shardResidentBytes - each.shardHeapBytes - mapped(each)) / each.shards,
    ),
    query_process_bytes: mean((each) => each.queryHeapBytes),
    // What vectors take there is known; what else does goes by the products.
    store_row_bytes: mean(
      ({ storeBytes, rows, dimensions }) =>
        storeBytes / rows - storeRowBytes(dimensions, { ...of, store_row_bytes: 0 }),
    ),
    vector_rest_ms: least((each) => each.aloneMs - slowestWalkMs(walkMs(each), asked(each), of)),
    vector_query_cpu_ms: least((each) => each.queryCpuMs - of.query_part_cpu_ms * asked(each)),
    vector_shard_cpu_ms: least((each) => each.shardsCpuMs / asked(each) - walkMs(each)),
    vector_client_cpu_ms: least((each) => each.clientCpuMs),
  };
  const shares = servers.map((each) => {
    const { cores } = each;
    const bestMs = eachMs({ cores, asked: asked(each), walkMs: walkMs(each) }, fitted);
    return (each.perSecond * bestMs) / 1_000;
  });
  return { ...fitted, at_once_share: Math.max(LEAST, ...shares) };
}
