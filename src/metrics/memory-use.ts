import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { readOfOwnCgroup } from './own-cgroup.js';

/** Bytes; both of the container, or both of the machine. */
export interface MemoryUse {
  /** By all processes there, without files that are only cached. */
  used: number;
  limit: number;
}

/** Of the container where it has a limit, else of the machine. @param root where `/proc` and `/sys` are */
export async function memoryUse(root = '/'): Promise<MemoryUse> {
  return (await ofContainer(root)) ?? ofMachine(root);
}

async function ofContainer(root: string): Promise<MemoryUse | undefined> {
  try {
    const files = ['memory.max', 'memory.current', 'memory.stat'];
    const [max, current, stat = ''] = await readOfOwnCgroup(files, root);
    const limit = Number(max);
    // "max", or more than there is: no limit of its own.
    if (!(limit < totalmem())) return undefined;
    return { used: Number(current) - figureIn(stat, /^inactive_file (\d+)/m), limit };
  } catch {
    return undefined;
  }
}

async function ofMachine(root: string): Promise<MemoryUse> {
  const limit = totalmem();
  try {
    const text = await readFile(join(root, 'proc/meminfo'), 'utf8');
    return { used: limit - figureIn(text, /^MemAvailable: +(\d+)/m) * 1_024, limit };
  } catch {
    return { used: limit - freemem(), limit };
  }
}

function figureIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
