import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { MetricsPage } from './metrics-page.js';
import { readOfOwnCgroup } from './own-cgroup.js';

interface Cpu {
  usedSeconds: number;
  cores: number;
}

/** `USER_HZ`: what /proc counts in, on every Linux. */
const TICKS_PER_SECOND = 100;

/** Declares what there is of processors, and what all processes there used of it. */
export function addCpuMetrics(page: MetricsPage): void {
  let now: Cpu | undefined;
  page.onScrape(async () => {
    now = (await ofContainer()) ?? (await ofMachine());
  });
  page.count(
    'cpu_used_seconds_total',
    'Time of processors that the container, else the machine, has used.',
    () => now?.usedSeconds,
  );
  page.level(
    'cpu_limit_cores',
    'Processors that the container, else the machine, has.',
    () => now?.cores,
  );
}

/** Undefined where it has no limit of its own. */
async function ofContainer(): Promise<Cpu | undefined> {
  try {
    const [max = '', stat = ''] = await readOfOwnCgroup(['cpu.max', 'cpu.stat']);
    const [quota = 'max', period = '100000'] = max.trim().split(' ');
    const [, usec] = /^usage_usec (\d+)/m.exec(stat) ?? [];
    if (quota === 'max' || usec === undefined) return undefined;
    return { usedSeconds: Number(usec) / 1e6, cores: Number(quota) / Number(period) };
  } catch {
    return undefined;
  }
}

async function ofMachine(): Promise<Cpu> {
  try {
    return cpuIn(await readFile('/proc/stat', 'utf8'));
  } catch {
    return asNodeSays();
  }
}

/** Of the text of /proc/stat: what all processors together were busy, interrupts included, and how many they are. */
export function cpuIn(stat: string): Cpu {
  const [, ...ticks] = (stat.split('\n', 1)[0] ?? '').split(/ +/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = ticks;
  const usedSeconds = (user + nice + system + irq + softIrq) / TICKS_PER_SECOND;
  return { usedSeconds, cores: stat.match(/^cpu\d/gm)?.length ?? 1 };
}

/** Where there is no /proc: on Linux it reads files of each processor, and nothing else has a turn meanwhile. */
function asNodeSays(): Cpu {
  const all = cpus();
  const busyMs = all.reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
  return { usedSeconds: busyMs / 1_000, cores: all.length };
}
