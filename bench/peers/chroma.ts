import { ChildServer, freePort } from '../lib/child-server.js';
import { JsonClient } from '../lib/client.js';
import { categoryName, rowOf } from '../lib/synthetic.js';
import { idRow, rowId, vectorJson } from '../lib/vector-json.js';
import { inBatches, type PeerEngine } from './engine.js';
import { INSTALL_HINT, pythonBin, pythonVersion } from './installed.js';

const COLLECTIONS = '/api/v2/tenants/default_tenant/databases/default_database/collections';
const LOAD_TIMEOUT_MS = 600_000;

/** Chroma's server, over its HTTP interface. */
export const chroma: PeerEngine = {
  name: 'Chroma',
  missing: () => (pythonBin('chroma') === undefined ? `not installed: ${INSTALL_HINT}` : undefined),
  async start({ folder }) {
    const port = await freePort();
    const client = new JsonClient(`http://127.0.0.1:${String(port)}`);
    const launch = async (): Promise<ChildServer> => {
      const args = ['run', '--path', folder, '--host', '127.0.0.1', '--port', String(port)];
      const env = { ANONYMIZED_TELEMETRY: 'False' };
      const started = ChildServer.start(pythonBin('chroma') ?? '', args, { name: 'Chroma', env });
      const ready = async () => (await client.get('/api/v2/heartbeat')).status === 200;
      await started.waitUntil(ready, 120_000);
      return started;
    };
    let server = await launch();
    const configuration = { hnsw: { space: 'ip' } };
    const made = await client.expect('POST', COLLECTIONS, { name: 'bench', configuration });
    const collection = `${COLLECTIONS}/${(made as { id: string }).id}`;

    return {
      version: pythonVersion('chromadb'),
      settings: 'hnsw max_neighbors 16, ef_construction 100 (defaults), persistent',
      efforts: [20, 40, 64, 100, 160, 250, 400],
      async setEffort(effort) {
        await client.expect('PUT', collection, {
          new_configuration: { hnsw: { ef_search: effort } },
        });
      },
      async load({ base }) {
        await inBatches(base.count, 1000, (rows) => {
          const vectors = rows.map((row) => vectorJson(rowOf(base, row)).toString());
          const categories = rows.map((row) => categoryName(base.categories[row] ?? 0));
          const head = JSON.stringify({
            ids: rows.map(rowId),
            metadatas: categories.map((category) => ({ category })),
          });
          const body = `${head.slice(0, -1)},"embeddings":[${vectors.join(',')}]}`;
          return client.expect(
            'POST',
            `${collection}/add`,
            body,
            'application/json',
            LOAD_TIMEOUT_MS,
          );
        });
      },
      async search({ vector, k, category }) {
        const head = JSON.stringify({
          n_results: k,
          include: [],
          ...(category !== undefined && { where: { category: { $eq: categoryName(category) } } }),
        });
        const embeddings = vectorJson(vector).toString();
        const body = `${head.slice(0, -1)},"query_embeddings":[${embeddings}]}`;
        const reply = await client.expect('POST', `${collection}/query`, body);
        return ((reply as { ids: string[][] }).ids[0] ?? []).map(idRow);
      },
      processes: () => server.processes(),
      crash: async () => {
        await server.kill();
        server = await launch();
      },
      async close() {
        await client.close();
        await server.stop();
      },
    };
  },
};
