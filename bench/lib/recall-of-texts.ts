import type { BenchRun } from './bench.js';
import { loadCatalogue } from './catalogue.js';
import { ingest, waitUntilQuiet } from './ingest.js';
import { OmniServer } from './omni-server.js';
import { mean, recallByScore } from './quality.js';
import { mustSearch } from './search.js';
import { loadTraffic } from './traffic.js';
import { LatencyHistogram } from '../load/histogram.js';

const TOP_K = 10;
const QUERIES = 500;

/** Recall of real queries over a real catalogue, with the server's own exact mode as the truth. */
export async function recallOfTexts(
  run: BenchRun<{
    catalogue: { default: string; help: string };
    shards: { default: number; help: string };
  }>,
) {
  const catalogue = await loadCatalogue(run.flags.catalogue);
  const traffic = await loadTraffic(catalogue, run.flags.seed);
  run.say(`starting OmniSearch with ${catalogue.name}`);
  const server = await run.start(OmniServer.start({ shards: run.flags.shards }));
  const { products } = catalogue;
  await ingest(server.client, products.length, (row) => products[row]?.line ?? '');
  await waitUntilQuiet(() => server.processes());

  const histogram = new LatencyHistogram();
  const recalls: number[] = [];
  for (const { query } of traffic.log.slice(0, run.flags.quick ? 50 : QUERIES)) {
    const ask = async (exact: boolean): Promise<number[]> => {
      const request = { query, top_k: TOP_K, fields: [], exact };
      const { hits } = await mustSearch(server.client, '/search/text', request);
      return hits.map(({ score }) => score);
    };
    const truth = await ask(true); // first, so that both find the embedding or neither does
    const startMs = performance.now();
    const found = await ask(false);
    histogram.record(performance.now() - startMs);
    recalls.push(recallByScore(found, truth));
  }
  await run.release(server);
  return {
    catalogue: catalogue.name,
    products: products.length,
    queries: recalls.length,
    recall_at_10: mean(recalls),
    cached_p50_ms: histogram.percentileMs(50),
    cached_p99_ms: histogram.percentileMs(99),
  };
}
