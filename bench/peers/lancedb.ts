import { listProcesses } from '../lib/processes.js';
import { categoryName, rowOf } from '../lib/synthetic.js';
import { inBatches, type PeerEngine } from './engine.js';
import { importPeer, INSTALL_HINT, npmPackage } from './installed.js';

const PACKAGE = '@lancedb/lancedb';

/** What is used of the npm package. */
interface LanceQuery {
  limit(k: number): LanceQuery;
  where(predicate: string): LanceQuery;
  distanceType(type: 'dot'): LanceQuery;
  ef(ef: number): LanceQuery;
  refineFactor(factor: number): LanceQuery;
  select(columns: string[]): LanceQuery;
  toArray(): Promise<{ row: number }[]>;
}
interface LanceTable {
  add(rows: object[]): Promise<unknown>;
  createIndex(column: string, options: { config: unknown }): Promise<void>;
  optimize(): Promise<unknown>;
  vectorSearch(vector: Float32Array): LanceQuery;
}
interface Lance {
  connect(folder: string): Promise<{
    createTable(name: string, rows: object[]): Promise<LanceTable>;
  }>;
  Index: { hnswSq(options: object): unknown; bitmap(): unknown };
}

/** LanceDB embedded in this process, as its npm package is used. */
export const lancedb: PeerEngine = {
  name: 'LanceDB',
  missing: () => (npmPackage(PACKAGE) === undefined ? `not installed: ${INSTALL_HINT}` : undefined),
  async start({ folder }) {
    const lance = await importPeer<Lance>(PACKAGE);
    const database = await lance.connect(folder);
    let table: LanceTable | undefined;
    let ef = 0;
    const opened = (): LanceTable => {
      if (table === undefined) throw new Error('LanceDB holds no table yet');
      return table;
    };
    return {
      version: npmPackage(PACKAGE)?.version ?? 'unknown',
      settings: 'IVF_HNSW_SQ (defaults), refined x2 in fp32, bitmap on category; in this process',
      efforts: [20, 40, 64, 100, 160, 250, 400],
      setEffort(effort) {
        ef = effort;
        return Promise.resolve();
      },
      async load({ base }) {
        await inBatches(base.count, 5000, async (rows) => {
          const objects = rows.map((row) => ({
            row,
            category: categoryName(base.categories[row] ?? 0),
            vector: Array.from(rowOf(base, row)),
          }));
          if (table === undefined) table = await database.createTable('bench', objects);
          else await table.add(objects);
        });
        await opened().createIndex('vector', {
          config: lance.Index.hnswSq({ distanceType: 'dot' }),
        });
        await opened().createIndex('category', { config: lance.Index.bitmap() });
        await opened().optimize();
      },
      async search({ vector, k, category }) {
        const query = opened().vectorSearch(vector).distanceType('dot').ef(ef).refineFactor(2);
        const filtered =
          category === undefined ? query : query.where(`category = '${categoryName(category)}'`);
        const rows = await filtered.limit(k).select(['row', '_distance']).toArray();
        return rows.map(({ row }) => row);
      },
      processes: () => listProcesses().filter(({ pid }) => pid === process.pid),
      close: () => Promise.resolve(),
    };
  },
};
