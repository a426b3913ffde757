import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from './paths.js';

/** Packages whose version bears on a figure. */
const PACKAGES = ['fastify', 'hnswlib-node', 'lmdb', 'onnxruntime-node', 'undici', 'usearch'];

/** What a reader must know of the machine to judge a figure. */
export function describeMachine() {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memory_bytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  };
}

export type Machine = ReturnType<typeof describeMachine>;

/** Versions of this project (with its commit) and of the libraries under it. */
export function describeVersions(): Record<string, string> {
  const versions: Record<string, string> = {
    omnisearch: packageVersion(REPOSITORY),
    commit: gitCommit(),
  };
  for (const name of PACKAGES) {
    versions[name] = packageVersion(join(REPOSITORY, 'node_modules', name));
  }
  return versions;
}

export function packageVersion(folder: string): string {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'absent';
  }
}

/** The commit, with `-dirty` when the tree differs from it. */
function gitCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12', '--match='], {
      cwd: REPOSITORY,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
