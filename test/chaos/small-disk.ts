import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CHUNKS_BYTES = [256 * 1024, 4 * 1024];
/** What others let go of meanwhile is taken as well. */
const REFILL_MS = 50;

/** Why no file system can be made here; undefined when one can. */
export function whyNoDisk(): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'omnisearch-disk-'));
  try {
    new SmallDisk(dir, 1).remove();
    return undefined;
  } catch {
    return 'needs to mount a tmpfs, as root may';
  } finally {
    rmdirSync(dir);
  }
}

/** A file system of its own at a folder, so small that it can be filled. */
export class SmallDisk {
  private readonly unmount = (): void => {
    // What is still open in it is no reason to leave it there.
    execFileSync('umount', ['--lazy', this.dir], { stdio: 'ignore' });
  };

  constructor(
    private readonly dir: string,
    mib: number,
  ) {
    mkdirSync(dir, { recursive: true });
    const options = ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'tmpfs'];
    execFileSync('mount', [...options, dir], { stdio: 'ignore' });
    process.once('exit', this.unmount);
  }

  /** Resolves once it is full, which it stays until the signal is aborted; with a wait for its room to be back. */
  async fill(signal: AbortSignal): Promise<{ freed: Promise<void> }> {
    const path = join(this.dir, 'filler');
    const file = await open(path, 'a');
    const take = async (): Promise<void> => {
      for (const bytes of CHUNKS_BYTES) while (await hasRoom(file, bytes));
    };
    const stayFull = async (): Promise<void> => {
      do {
        await take();
        await sleep(REFILL_MS);
      } while (!signal.aborted);
      await file.close();
      await rm(path);
    };
    await take();
    return { freed: stayFull() };
  }

  remove(): void {
    process.off('exit', this.unmount);
    this.unmount();
  }
}

/** Takes so many bytes, or as many as there are: then it is full. */
async function hasRoom(file: FileHandle, bytes: number): Promise<boolean> {
  try {
    await file.appendFile(Buffer.alloc(bytes));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
