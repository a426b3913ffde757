import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Reads files of the control group (cgroup v2) that the process is in: of a container the root of what it sees, of a
 * service of systemd one below. Rejects where there is none, or it has no such file: the machine's topmost has no limits.
 *
 * @param root where `/proc` and `/sys` are
 */
export async function readOfOwnCgroup(names: readonly string[], root = '/'): Promise<string[]> {
  const groups = await readFile(join(root, 'proc/self/cgroup'), 'utf8');
  const [, path] = /^0::(.+)$/m.exec(groups) ?? [];
  if (path === undefined) throw new Error('the process is in no group of cgroup v2');
  const folder = join(root, 'sys/fs/cgroup', path);
  return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
}
