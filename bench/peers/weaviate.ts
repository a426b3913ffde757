import { JsonClient } from '../lib/client.js';
import { categoryName, rowOf } from '../lib/synthetic.js';
import { vectorJson } from '../lib/vector-json.js';
import { inBatches, type PeerEngine } from './engine.js';

const CLASS = 'OmniSearchBench';
const LOAD_TIMEOUT_MS = 600_000;

/** A running Weaviate, over its HTTP interface (GraphQL). */
export const weaviate: PeerEngine = {
  name: 'Weaviate',
  missing: () =>
    process.env['WEAVIATE_URL'] === undefined ? 'set WEAVIATE_URL to a running one' : undefined,
  async start() {
    const client = new JsonClient(process.env['WEAVIATE_URL'] ?? '');
    const { version } = (await client.expect('GET', '/v1/meta')) as { version: string };
    await client.request('DELETE', `/v1/schema/${CLASS}`);
    await client.expect('POST', '/v1/schema', {
      class: CLASS,
      vectorizer: 'none',
      vectorIndexConfig: { distance: 'dot' },
      properties: [
        { name: 'category', dataType: ['text'], tokenization: 'field' },
        { name: 'row', dataType: ['int'], indexFilterable: false },
      ],
    });
    return {
      version,
      settings: 'hnsw, defaults; over GraphQL',
      efforts: [16, 32, 64, 100, 160, 250, 400],
      async setEffort(ef) {
        const schema = (await client.expect('GET', `/v1/schema/${CLASS}`)) as {
          vectorIndexConfig: object;
        };
        const vectorIndexConfig = { ...schema.vectorIndexConfig, ef };
        await client.expect('PUT', `/v1/schema/${CLASS}`, { ...schema, vectorIndexConfig });
      },
      async load({ base }) {
        await inBatches(base.count, 500, async (rows) => {
          const objects = rows.map((row) => {
            const category = categoryName(base.categories[row] ?? 0);
            const head = JSON.stringify({ class: CLASS, properties: { row, category } });
            return `${head.slice(0, -1)},"vector":${vectorJson(rowOf(base, row)).toString()}}`;
          });
          const body = `{"objects":[${objects.join(',')}]}`;
          const path = '/v1/batch/objects';
          await client.expect('POST', path, body, 'application/json', LOAD_TIMEOUT_MS);
        });
      },
      async search({ vector, k, category }) {
        const value = `{path:["category"],operator:Equal,valueText:"${categoryName(category ?? 0)}"}`;
        const where = category === undefined ? '' : `,where:${value}`;
        const near = `nearVector:{vector:${vectorJson(vector).toString()}}`;
        const query = `{Get{${CLASS}(limit:${String(k)},${near}${where}){row}}}`;
        const reply = (await client.expect('POST', '/v1/graphql', { query })) as {
          data: { Get: Record<string, { row: number }[]> };
        };
        return (reply.data.Get[CLASS] ?? []).map(({ row }) => row);
      },
      processes: () => [],
      async close() {
        await client.request('DELETE', `/v1/schema/${CLASS}`);
        await client.close();
      },
    };
  },
};
