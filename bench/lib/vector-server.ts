import type { BenchRun } from './bench.js';
import type { FlagSpecs } from './flags.js';
import { ingest, waitUntilQuiet, type IngestTimes } from './ingest.js';
import { OmniServer } from './omni-server.js';
import { syntheticVectors, rowOf, type VectorSet } from './synthetic.js';
import { vectorProduct } from './vector-json.js';

/** Synthetic rows and as many different queries as asked for. */
export interface VectorData {
  base: VectorSet;
  queries: Float32Array[];
  /** Category number of each query. */
  queryCategories: Uint8Array;
}

export async function loadVectors(
  count: number,
  dimensions: number,
  queryCount: number,
  seed: number,
): Promise<VectorData> {
  const base = await syntheticVectors({ count, dimensions, seed, stream: 'rows' });
  const queries = await syntheticVectors({
    count: queryCount,
    dimensions,
    seed,
    stream: 'queries',
  });
  return {
    base,
    queries: Array.from({ length: queryCount }, (_, i) => rowOf(queries, i)),
    queryCategories: queries.categories,
  };
}

/** OmniSearch without a model, holding the rows; at rest, so that nothing is left to build. */
export async function serveVectors(
  run: BenchRun<FlagSpecs>,
  base: VectorSet,
  shards: number,
  attributesOf?: (row: number) => object,
  env: NodeJS.ProcessEnv = {},
): Promise<{ server: OmniServer; times: IngestTimes & { at_rest_ms: number } }> {
  run.say(`starting OmniSearch with ${String(shards)} shards and ${String(base.count)} vectors`);
  const server = await run.start(
    OmniServer.start({ shards, model: 'none', dimensions: base.dimensions, env }),
  );
  const startMs = performance.now();
  const times = await ingest(server.client, base.count, (row) =>
    vectorProduct(base, row, attributesOf?.(row)),
  );
  await waitUntilQuiet(() => server.processes());
  return { server, times: { ...times, at_rest_ms: performance.now() - startMs } };
}
