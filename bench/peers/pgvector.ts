import { freePort } from '../lib/child-server.js';
import { categoryName, rowOf } from '../lib/synthetic.js';
import { vectorJson } from '../lib/vector-json.js';
import { inBatches, type PeerEngine } from './engine.js';
import { importPeer, INSTALL_HINT, npmPackage } from './installed.js';
import { findPostgres, initPostgres, startPostgres } from './postgres.js';

/** What is used of the npm package `pg`. */
interface PgPool {
  query(query: { name?: string; text: string; values?: unknown[] }): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: () => void): void;
  end(): Promise<void>;
}
interface Pg {
  Pool: new (options: object) => PgPool;
}

/** pgvector in PostgreSQL, over its native protocol. */
export const pgvector: PeerEngine = {
  name: 'pgvector',
  missing() {
    if (npmPackage('pg') === undefined) return `no npm package pg: ${INSTALL_HINT}`;
    if (findPostgres() !== undefined) return undefined;
    return `no PostgreSQL with pgvector >= 0.8: ${INSTALL_HINT}, or build it for Debian's`;
  },
  async start({ folder, dimensions }) {
    const bin = findPostgres() ?? '';
    initPostgres(bin, folder);
    const port = await freePort();
    const { Pool } = await importPeer<Pg>('pg');
    const connect = (effort: number): PgPool => {
      const scan = `-c hnsw.iterative_scan=strict_order -c hnsw.ef_search=${String(effort)}`;
      const address = { host: '127.0.0.1', port, user: 'bench', database: 'postgres' };
      const made = new Pool({ ...address, max: 16, ...(effort > 0 && { options: scan }) });
      made.on('error', () => undefined); // idle connections die with a crash
      return made;
    };
    const answers = async (): Promise<boolean> => {
      const probe = connect(0);
      try {
        await probe.query({ text: 'SELECT 1' });
        return true;
      } finally {
        await probe.end();
      }
    };
    const launch = () => startPostgres(bin, folder, port, answers);
    let server = await launch();
    let pool = connect(0);
    const run = (text: string, values: unknown[] = []): Promise<unknown> =>
      pool.query({ text, values });
    await run('CREATE EXTENSION vector');
    const [row] = (
      await pool.query({
        text: `SELECT extversion AS vector, current_setting('server_version') AS server
               FROM pg_extension WHERE extname = 'vector'`,
      })
    ).rows as { vector: string; server: string }[];

    return {
      version: `${row?.vector ?? '?'}, PostgreSQL ${row?.server ?? '?'}`,
      settings:
        'hnsw m 16, ef_construction 64 (defaults), iterative scan, B-tree on category, fsync on',
      efforts: [20, 40, 64, 100, 160, 250, 400],
      async setEffort(effort) {
        await pool.end();
        pool = connect(effort);
      },
      async load({ base }) {
        await run(
          `CREATE TABLE items (row int PRIMARY KEY, category text, embedding vector(${String(dimensions)}))`,
        );
        await inBatches(base.count, 500, (rows) =>
          run(
            `INSERT INTO items SELECT r, c, e::vector
             FROM unnest($1::int[], $2::text[], $3::text[]) AS t (r, c, e)`,
            [
              rows,
              rows.map((i) => categoryName(base.categories[i] ?? 0)),
              rows.map((i) => vectorJson(rowOf(base, i)).toString()),
            ],
          ),
        );
        await run('CREATE INDEX ON items USING hnsw (embedding vector_ip_ops)');
        await run('CREATE INDEX ON items (category)');
        await run('VACUUM ANALYZE items');
      },
      async search({ vector, k, category }) {
        const text = vectorJson(vector).toString();
        const { rows } = await pool.query(
          category === undefined
            ? {
                name: 'all',
                text: 'SELECT row FROM items ORDER BY embedding <#> $1::vector LIMIT $2',
                values: [text, k],
              }
            : {
                name: 'category',
                text: `SELECT row FROM items WHERE category = $3
                       ORDER BY embedding <#> $1::vector LIMIT $2`,
                values: [text, k, categoryName(category)],
              },
        );
        return (rows as { row: number }[]).map(({ row: found }) => found);
      },
      processes: () => server.processes(),
      crash: async () => {
        await server.kill();
        server = await launch();
      },
      async close() {
        await pool.end();
        await server.stop('SIGINT'); // "fast shutdown"
      },
    };
  },
};
