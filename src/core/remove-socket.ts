import { lstat, unlink } from 'node:fs/promises';

/** Removes the Unix socket that a killed process left at `path`. Rejects where something else is there. */
export async function removeSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there already, and is no socket`);
  await unlink(path);
}
