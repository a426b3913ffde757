import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Follower } from './contract/follower.js';

interface Saved {
  position: string | undefined;
  held: [string, number][];
}

/** Position and what is held, in one step. */
export async function saveFollower({ position, held }: Follower, file: string): Promise<void> {
  const saved: Saved = {
    position: position && Buffer.from(position).toString('base64'),
    held: [...held],
  };
  await writeFile(`${file}.new`, JSON.stringify(saved));
  await rename(`${file}.new`, file);
}

/** Puts `follower` where it was saved, if it ever was. */
export async function loadFollower(follower: Follower, file: string): Promise<void> {
  if (!existsSync(file)) return;
  const { position, held } = JSON.parse(await readFile(file, 'utf8')) as Saved;
  follower.position = position === undefined ? undefined : Buffer.from(position, 'base64');
  for (const [id, version] of held) follower.held.set(id, version);
}
