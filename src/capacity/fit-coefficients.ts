import { DEFAULT_COEFFICIENTS, type Coefficients } from './coefficients.js';
import { lineThrough } from './least-squares.js';

/** What was measured on a machine. */
export interface Measured {
  segments: readonly {
    rows: number;
    dimensions: number;
    cpuUs: number;
    textBytes: number;
    linkBytes: number;
  }[];
  embedCpuMs: number;
  documentBytes: number;
}

/** The size for which the coefficients of a search stand. */
const ROWS = 10_000;
const DIMENSIONS = 512;

/**
 * The coefficients of a machine. What a walk through a graph takes here beside what it took where the defaults were
 * measured is taken for how fast the machine is, also in what is not measured by itself.
 */
export function fitCoefficients({ segments, embedCpuMs, documentBytes }: Measured): Coefficients {
  const graph_cpu_ms = graphCpuMs(segments);
  const slowness = graph_cpu_ms / DEFAULT_COEFFICIENTS.graph_cpu_ms;
  const largest = segments.reduce<Measured['segments'][number] | undefined>(
    (most, each) => (most === undefined || each.rows > most.rows ? each : most),
    undefined,
  );
  const { query_cpu_ms, query_part_cpu_ms, choose_cpu_ms, look_cpu_ms } = DEFAULT_COEFFICIENTS;
  return {
    ...DEFAULT_COEFFICIENTS,
    graph_cpu_ms,
    query_cpu_ms: query_cpu_ms * slowness,
    query_part_cpu_ms: query_part_cpu_ms * slowness,
    choose_cpu_ms: choose_cpu_ms * slowness,
    look_cpu_ms: look_cpu_ms * slowness,
    embed_cpu_ms: embedCpuMs,
    document_bytes: documentBytes,
    text_bytes: largest?.textBytes ?? DEFAULT_COEFFICIENTS.text_bytes,
    link_bytes: largest?.linkBytes ?? DEFAULT_COEFFICIENTS.link_bytes,
  };
}

/**
 * A walk's time at the size for which it stands, by least squares: a part that is always there, and one that grows with
 * dimensions and the logarithm of rows. Of one size alone all of it is taken to grow.
 */
function graphCpuMs(segments: Measured['segments']): number {
  const points = segments.map(({ rows, dimensions, cpuUs }) => ({
    x: ((dimensions / DIMENSIONS) * Math.log(rows)) / Math.log(ROWS),
    y: cpuUs / 1_000,
  }));
  const { meanX, meanY, slope = meanY / meanX } = lineThrough(points);
  return meanY + slope * (1 - meanX);
}
