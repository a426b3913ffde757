import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from './bench.js';

/** A bound on the memory of a command and all that it starts, the files that they have in memory among it. */
export interface MemoryRoom extends Resource {
  /** What bounds it, for people. */
  how: string;
  /** The command that runs `command` within. */
  within(command: readonly string[]): string[];
  /** How often the kernel ended a process for want of memory; undefined where it does not tell. */
  ended(): number | undefined;
}

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/memory';
const REMOVE_TRIES = 100;

/**
 * The first of these that the machine allows: a group of the kernel's (version 2, version 1), a scope of
 * systemd's, a bound on the private memory of each process by itself (then files cost nothing). Only Linux has them.
 */
export function openMemoryRoom(bytes: number): MemoryRoom {
  return (
    controlGroup(V2_FILES, bytes) ?? controlGroup(V1_FILES, bytes) ?? scope(bytes) ?? ulimit(bytes)
  );
}

interface GroupFiles {
  how: string;
  parent: string;
  /** Exists where groups of this version bound memory. */
  sign: string;
  limit: string;
  /** Bounds memory and swap together (version 1), or swap (version 2). */
  swap: { file: string; ofLimit: number };
  events: string;
}

const V2_FILES: GroupFiles = {
  ...{ how: 'a control group of version 2', parent: V2, sign: 'cgroup.controllers' },
  ...{
    limit: 'memory.max',
    swap: { file: 'memory.swap.max', ofLimit: 0 },
    events: 'memory.events',
  },
};

const V1_FILES: GroupFiles = {
  ...{ how: 'a control group of version 1', parent: V1, sign: 'memory.limit_in_bytes' },
  ...{ limit: 'memory.limit_in_bytes', swap: { file: 'memory.memsw.limit_in_bytes', ofLimit: 1 } },
  events: 'memory.oom_control',
};

function controlGroup(files: GroupFiles, bytes: number): MemoryRoom | undefined {
  if (!existsSync(join(files.parent, files.sign))) return undefined;
  const group = join(files.parent, `omnisearch-bench-${String(process.pid)}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, files.limit), String(bytes));
  } catch {
    removeGroup(group);
    return undefined; // not ours to make, or it has no such bound
  }
  const swap = join(group, files.swap.file);
  if (existsSync(swap)) writeFileSync(swap, String(bytes * files.swap.ofLimit));
  const procs = join(group, 'cgroup.procs');
  return {
    how: files.how,
    within: (command) => ['sh', '-c', `echo $$ > ${procs} && exec "$@"`, 'sh', ...command],
    ended: () => {
      const events = readFileSync(join(group, files.events), 'utf8');
      return Number(/^oom_kill (\d+)/m.exec(events)?.[1] ?? 0);
    },
    close: async () => {
      // It counts what has ended for a moment longer.
      for (let i = 0; i < REMOVE_TRIES && !removeGroup(group); i += 1) await sleep(50);
    },
  };
}

/** False while there are processes in it. */
function removeGroup(group: string): boolean {
  try {
    rmdirSync(group);
  } catch {
    return !existsSync(group);
  }
  return true;
}

function scope(bytes: number): MemoryRoom | undefined {
  const command = 'systemd-run';
  const bounds = ['-p', `MemoryMax=${String(bytes)}`, '-p', 'MemorySwapMax=0'];
  const args = ['--scope', '--quiet', ...bounds];
  try {
    execFileSync(command, [...args, 'true'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return {
    how: 'a scope of systemd',
    within: (inner) => [command, ...args, ...inner],
    ended: () => undefined,
    close: () => Promise.resolve(),
  };
}

function ulimit(bytes: number): MemoryRoom {
  const kilobytes = String(Math.floor(bytes / 1024));
  return {
    how: 'ulimit -d, each process by itself',
    within: (command) => ['sh', '-c', `ulimit -d ${kilobytes} && exec "$@"`, 'sh', ...command],
    ended: () => undefined,
    close: () => Promise.resolve(),
  };
}
