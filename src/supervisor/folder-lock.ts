import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder is in use by a process that does not go away. */
export class FolderInUse extends Error {}

const WAIT_MS = 4_000;
const POLL_MS = 50;

/**
 * Takes `folder` for this process: two processes over the same files would undo each other's work.
 * A holder that was killed is recognised by its process id; one that is just ending is waited for.
 * Returns the function that lets go.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'lock');
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    if (await claim(file)) return () => rm(file, { force: true });
    const holder = await readHolder(file);
    if (holder === undefined) {
      await removeStale(file);
      continue;
    }
    if (waitedMs >= WAIT_MS) throw new FolderInUse(`${folder} is in use by process ${holder.pid}`);
    await sleep(POLL_MS);
  }
}

interface Holder {
  pid: number;
  /** When the process started, by the kernel; undefined where that is not told. */
  startedAt: string | undefined;
}

/** The lock appears with its content in one step: nobody reads half of it. */
async function claim(file: string): Promise<boolean> {
  const holder: Holder = { pid: process.pid, startedAt: await startOf(process.pid) };
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(holder));
  try {
    return await linked(own, file);
  } finally {
    await rm(own, { force: true });
  }
}

/** Whether `file` is now another name of `existing`; false when something has that name. */
async function linked(existing: string, file: string): Promise<boolean> {
  try {
    await link(existing, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Puts a lock without a holder aside; another process's, taken since that was seen, goes back. */
async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readHolder(aside)) !== undefined) await linked(aside, file);
  await rm(aside, { force: true });
}

/** The live process that holds the lock, if any. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Holder;
    // The same id with another start is a process of someone else's.
    const isSame = (await startOf(holder.pid)) === holder.startedAt;
    return isSame && isAlive(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid }: Holder): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Someone else's process is alive all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; the second, the name, may hold anything but ends with ")". */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
