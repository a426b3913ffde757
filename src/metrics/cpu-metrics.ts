import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { MetricsPage } from './metrics-page.js';

const CGROUP = '/sys/fs/cgroup';

interface Cpu {
  usedSeconds: number;
  cores: number;
}

/** Declares what there is of processors, and what all processes there used of it. */
export function addCpuMetrics(page: MetricsPage): void {
  let now: Cpu | undefined;
  page.onScrape(async () => {
    now = (await ofContainer()) ?? ofMachine();
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
    const [max, stat] = await Promise.all([
      readFile(`${CGROUP}/cpu.max`, 'utf8'),
      readFile(`${CGROUP}/cpu.stat`, 'utf8'),
    ]);
    const [quota = 'max', period = '100000'] = max.trim().split(' ');
    const [, usec] = /^usage_usec (\d+)/m.exec(stat) ?? [];
    if (quota === 'max' || usec === undefined) return undefined;
    return { usedSeconds: Number(usec) / 1e6, cores: Number(quota) / Number(period) };
  } catch {
    return undefined;
  }
}

function ofMachine(): Cpu {
  const all = cpus();
  const usedMs = all.reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
  return { usedSeconds: usedMs / 1_000, cores: all.length };
}
