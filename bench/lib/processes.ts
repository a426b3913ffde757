import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux counts CPU time in these (USER_HZ), on every architecture that Node runs on. */
const TICK_MS = 10;

/** One process as /proc shows it. Sizes are bytes. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  /** The program and its first argument, without the interpreter. */
  name: string;
  residentBytes: number;
  /** Highest resident size so far. */
  peakBytes: number;
  /** User and system time of all its threads so far, and of its children that ended. */
  cpuMs: number;
}

/** All processes of the machine, or none where there is no /proc. */
export function listProcesses(): ProcessInfo[] {
  const pids = tryRead(() => readdirSync('/proc').filter((name) => /^\d+$/.test(name))) ?? [];
  return pids.map((pid) => tryRead(() => readProcess(Number(pid)))).filter((p) => p !== undefined);
}

/** `root` and all that descend from it. */
export function processTree(root: number): ProcessInfo[] {
  const all = listProcesses();
  const tree = new Set([root]);
  // Children can have lower numbers than parents after wrap-around, so repeat until nothing is new.
  for (let before = 0; before < tree.size;) {
    before = tree.size;
    for (const { pid, parent } of all) if (tree.has(parent)) tree.add(pid);
  }
  return all.filter(({ pid }) => tree.has(pid));
}

/**
 * Memory of these processes together. A page that several of them map, as a shared file, counts once
 * (proportional set size); resident sizes where the kernel does not tell.
 */
export function memoryBytes(processes: readonly ProcessInfo[]): number {
  return processes.reduce((sum, { pid, residentBytes }) => {
    const rollup = tryRead(() => readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8')) ?? '';
    const kilobytes = /^Pss:\s+(\d+)/m.exec(rollup)?.[1];
    return sum + (kilobytes === undefined ? residentBytes : Number(kilobytes) * 1024);
  }, 0);
}

/** Memory that is these processes' own: what no file backs. */
export function anonymousBytes(processes: readonly ProcessInfo[]): number {
  return processes.reduce((sum, { pid }) => {
    const status = tryRead(() => readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? '';
    return sum + Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  }, 0);
}

/** CPU time of `root` and its descendants so far. */
export function treeCpuMs(root: number): number {
  return processTree(root).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** CPU time of one process in finer steps than ticks, for a few thousand queries. */
export function preciseCpuMs(pid: number): number {
  return scheduledMs(pid, 0);
}

/** For how long threads of a process could have gone on, and no core was free for them. */
export function waitedForCpuMs(pid: number): number {
  return scheduledMs(pid, 1);
}

/** Of all threads: the time on a core (field 0) or in line for one (field 1). */
function scheduledMs(pid: number, field: 0 | 1): number {
  const threads = tryRead(() => readdirSync(`/proc/${String(pid)}/task`)) ?? [];
  return threads.reduce((sum, thread) => {
    const path = `/proc/${String(pid)}/task/${thread}/schedstat`;
    const nanos = tryRead(() => Number(readFileSync(path, 'utf8').split(' ')[field]));
    return sum + (nanos ?? 0) / 1e6;
  }, 0);
}

/** CPU time of the whole machine since it started, all cores together. */
export interface MachineCpu {
  totalMs: number;
  busyMs: number;
  stolenMs: number;
}

export function readMachineCpu(): MachineCpu {
  const line = tryRead(() => readFileSync('/proc/stat', 'utf8').split('\n')[0]) ?? '';
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, stolen = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) * TICK_MS);
  const busyMs = user + nice + system + irq + soft;
  return { totalMs: busyMs + idle + wait + stolen, busyMs, stolenMs: stolen };
}

function readProcess(pid: number): ProcessInfo {
  const folder = `/proc/${String(pid)}`;
  const stat = readFileSync(`${folder}/stat`, 'utf8');
  // The command is in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') throw new Error('a zombie holds nothing');
  const field = (index: number): number => Number(fields[index]);
  const status = readFileSync(`${folder}/status`, 'utf8');
  const kilobytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    pid,
    parent: field(1),
    group: field(2),
    name: commandName(folder),
    residentBytes: kilobytes('VmRSS') * 1024,
    peakBytes: kilobytes('VmHWM') * 1024,
    cpuMs: (field(11) + field(12) + field(13) + field(14)) * TICK_MS,
  };
}

function commandName(folder: string): string {
  const [command = '', ...args] = readFileSync(`${folder}/cmdline`, 'utf8').split('\0');
  const isNode = tryRead(() => readlinkSync(`${folder}/exe`))?.endsWith('/node') ?? false;
  const words = (isNode ? args : [command, ...args]).filter((word) => !word.startsWith('--'));
  return words
    .slice(0, 2)
    .map((word) => word.split('/').pop() ?? '')
    .join(' ')
    .trim()
    .slice(0, 40);
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // gone meanwhile, or no /proc
  }
}
