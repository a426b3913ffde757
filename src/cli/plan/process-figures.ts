import { readdir, readFile } from 'node:fs/promises';

/** A process of a server. Sizes are bytes. */
export interface ProcessFigures {
  pid: number;
  role: 'shard' | 'query node';
  /** Memory that is of no file. */
  anonymous: number;
  /** With the pages of files that it has mapped, each as often as processes have it. */
  resident: number;
}

/** Shards and query nodes among the children of a process, as /proc shows them; rejects where there is none. */
export async function childFigures(parent: number): Promise<ProcessFigures[]> {
  const figures: ProcessFigures[] = [];
  for (const pid of await childrenOf(parent)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    const role = roleOf(command);
    if (role === undefined) continue;
    figures.push({ pid, role, ...(await memoryOf(pid)) });
  }
  return figures;
}

/** Of one process. */
export async function memoryOf(
  pid: number | 'self',
): Promise<Pick<ProcessFigures, 'anonymous' | 'resident'>> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) * 1_024;
  return { anonymous: bytes('Anonymous'), resident: bytes('Rss') };
}

/** A core's time that all threads of a process have taken, milliseconds. */
export async function cpuMsOf(pid: number): Promise<number> {
  const folder = `/proc/${pid}/task`;
  let nanos = 0;
  for (const thread of await readdir(folder)) {
    const text = await readFile(`${folder}/${thread}/schedstat`, 'utf8').catch(() => '0');
    nanos += Number(text.split(' ')[0]);
  }
  return nanos / 1e6;
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The command is in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) === parent) found.push(Number(pid));
  }
  return found.sort((a, b) => a - b);
}

function roleOf(command: string): ProcessFigures['role'] | undefined {
  if (command.includes('\0shard-node\0')) return 'shard';
  return command.includes('\0query-node\0') ? 'query node' : undefined;
}
