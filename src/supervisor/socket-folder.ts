import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A Unix socket's path is limited to some 108 bytes. */
const MAX_SOCKET_PATH_BYTES = 100;
const LONGEST_NAME = 's1024.sock';
const PREFIX = 'omnisearch-';
const FOLDER = 'run';
/** Names the folder where it is another. */
const NOTE = 'sockets';

/**
 * A folder for the sockets of this data folder's processes, open to this user alone. Inside the data
 * folder or, where that makes paths too long, in the temporary directory: there under a new name that
 * nobody can have made first. The one that a killed process left is removed.
 */
export async function socketFolder(dataDir: string): Promise<string> {
  const inData = join(dataDir, FOLDER);
  await mkdir(inData, { recursive: true, mode: 0o700 });
  if (Buffer.byteLength(join(inData, LONGEST_NAME)) < MAX_SOCKET_PATH_BYTES) return inData;
  const note = join(inData, NOTE);
  await removeOwn(await readFile(note, 'utf8').catch(() => ''));
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(note, folder);
  return folder;
}

/** Where the sockets of a data folder's processes are, as `socketFolder` chose it when they were started. */
export async function socketsOf(dataDir: string): Promise<string> {
  const inData = join(dataDir, FOLDER);
  const noted = await readFile(join(inData, NOTE), 'utf8').catch(() => '');
  return noted === '' ? inData : noted;
}

/** Removes what an earlier start made, and nothing that only has its name. */
async function removeOwn(folder: string): Promise<void> {
  if (dirname(folder) !== tmpdir() || !basename(folder).startsWith(PREFIX)) return;
  const stats = await lstat(folder).catch(() => undefined);
  const isOwn = stats?.isDirectory() === true && stats.uid === process.getuid?.();
  if (isOwn) await rm(folder, { recursive: true, force: true });
}
