import { setTimeout as sleep } from 'node:timers/promises';
import { JsonClient } from '../lib/client.js';
import { categoryName, rowOf } from '../lib/synthetic.js';
import { vectorJson } from '../lib/vector-json.js';
import { inBatches, type PeerEngine } from './engine.js';

const COLLECTION = '/collections/omnisearch_bench';
const LOAD_TIMEOUT_MS = 600_000;

/** A running Qdrant, over HTTP. */
export const qdrant: PeerEngine = {
  name: 'Qdrant',
  missing: () =>
    process.env['QDRANT_URL'] === undefined ? 'set QDRANT_URL to a running one' : undefined,
  async start({ dimensions }) {
    const client = new JsonClient(process.env['QDRANT_URL'] ?? '');
    const { version } = (await client.expect('GET', '/')) as { version: string };
    await client.request('DELETE', COLLECTION);
    await client.expect('PUT', COLLECTION, { vectors: { size: dimensions, distance: 'Dot' } });
    const index = { field_name: 'category', field_schema: 'keyword' };
    await client.expect('PUT', `${COLLECTION}/index?wait=true`, index);
    let effort = 0;
    return {
      version,
      settings: 'HNSW m 16, ef_construct 100 (defaults), keyword index on category',
      efforts: [16, 32, 64, 100, 160, 250, 400],
      setEffort(value) {
        effort = value;
        return Promise.resolve();
      },
      async load({ base }) {
        await inBatches(base.count, 1000, (rows) => {
          const head = JSON.stringify({
            ids: rows,
            payloads: rows.map((row) => ({ category: categoryName(base.categories[row] ?? 0) })),
          });
          const vectors = rows.map((row) => vectorJson(rowOf(base, row)).toString());
          const body = `{"batch":${head.slice(0, -1)},"vectors":[${vectors.join(',')}]}}`;
          const path = `${COLLECTION}/points?wait=true`;
          return client.expect('PUT', path, body, 'application/json', LOAD_TIMEOUT_MS);
        });
        // Green: its optimizers have built what they want to build.
        for (;;) {
          const reply = await client.expect('GET', COLLECTION);
          if ((reply as { result: { status: string } }).result.status === 'green') break;
          await sleep(500);
        }
      },
      async search({ vector, k, category }) {
        const match = { key: 'category', match: { value: categoryName(category ?? 0) } };
        const head = JSON.stringify({
          limit: k,
          params: { hnsw_ef: effort },
          ...(category !== undefined && { filter: { must: [match] } }),
        });
        const body = `${head.slice(0, -1)},"query":${vectorJson(vector).toString()}}`;
        const reply = await client.expect('POST', `${COLLECTION}/points/query`, body);
        return (reply as { result: { points: { id: number }[] } }).result.points.map(
          ({ id }) => id,
        );
      },
      processes: () => [],
      async close() {
        await client.request('DELETE', COLLECTION);
        await client.close();
      },
    };
  },
};
