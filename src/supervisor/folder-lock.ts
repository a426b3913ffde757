import { chmod, mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryLock } from 'fs-native-extensions';

/** The folder is in use by a process that does not go away. */
export class FolderInUse extends Error {}

const WAIT_MS = 4_000;
const POLL_MS = 50;

/**
 * Takes `folder` for this process: two processes over the same files would undo each other's work.
 * The lock is the kernel's, on an open file: it ends with its process however that ends, and holds
 * between containers that share a volume, where a process id says nothing. A holder that is just
 * ending is waited for. Returns the function that lets go.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // One of an earlier version may be open to all. Where it is another user's, that one decides.
  await chmod(folder, 0o700).catch(() => undefined);
  // The file stays: whoever took a new one of its name would not meet the lock on the old one.
  const file = await open(join(folder, 'lock'), 'a+', 0o600);
  try {
    await waitForLock(file, folder);
    await file.truncate();
    await file.write(String(process.pid));
  } catch (error) {
    await file.close();
    throw error;
  }
  return () => file.close();
}

async function waitForLock(file: FileHandle, folder: string): Promise<void> {
  for (let waitedMs = 0; !tryLock(file.fd); waitedMs += POLL_MS) {
    if (waitedMs >= WAIT_MS) {
      // In another container the holder may know itself by another number than we do.
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      const holder = buffer.toString('utf8', 0, bytesRead);
      throw new FolderInUse(`${folder} is in use by process ${holder || 'of unknown number'}`);
    }
    await sleep(POLL_MS);
  }
}
