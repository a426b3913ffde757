import { ingest } from '../lib/ingest.js';
import { packageVersion } from '../lib/machine.js';
import { OmniServer } from '../lib/omni-server.js';
import { REPOSITORY } from '../lib/paths.js';
import { mustSearch } from '../lib/search.js';
import { categoryName } from '../lib/synthetic.js';
import { idRow, vectorProduct, vectorSearch } from '../lib/vector-json.js';
import type { PeerEngine } from './engine.js';

/** With it the recall is that which all are compared at. */
const RECALL_TARGET = 0.93;

/** OmniSearch as shipped: durable, filters and the join of documents included. */
export const omnisearch: PeerEngine = {
  name: 'OmniSearch',
  missing: () => undefined,
  async start({ dimensions }) {
    const server = await OmniServer.start({
      ...{ model: 'none', dimensions },
      env: { OMNISEARCH_RECALL_TARGET: String(RECALL_TARGET) },
    });
    return {
      version: packageVersion(REPOSITORY),
      settings: `as shipped but RECALL_TARGET ${String(RECALL_TARGET)}, every write flushed; joins documents`,
      efforts: [0],
      setEffort: () => Promise.resolve(),
      async load({ base }) {
        await ingest(server.client, base.count, (row) => vectorProduct(base, row));
      },
      async search({ vector, k, category }) {
        const filter = category === undefined ? {} : { category: categoryName(category) };
        const body = vectorSearch(vector, { top_k: k, fields: [], filter });
        const { hits } = await mustSearch(server.client, '/search/vector', body);
        return hits.map(({ id }) => idRow(id));
      },
      processes: () => server.processes(),
      crash: async () => {
        await server.restart('kill');
      },
      close: () => server.close(),
    };
  },
};
