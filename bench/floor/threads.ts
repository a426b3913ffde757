import { readdirSync, readFileSync } from 'node:fs';

/** CPU of each thread of a process so far, nanoseconds by thread; its main thread has the process's number. */
export function threadCpuNs(pid: number): Map<number, number> {
  const folder = `/proc/${String(pid)}/task`;
  return new Map(
    readdirSync(folder).flatMap((thread) => {
      try {
        const [ns] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
        return [[Number(thread), Number(ns)] as const];
      } catch {
        return []; // ended meanwhile
      }
    }),
  );
}

/** CPU since `before` of the threads that were there then, microseconds: of the main one and of the others. */
export function cpuSince(before: ReadonlyMap<number, number>, pid: number) {
  const cpu = { mainUs: 0, othersUs: 0 };
  for (const [thread, ns] of threadCpuNs(pid)) {
    const us = (ns - (before.get(thread) ?? ns)) / 1000;
    if (thread === pid) cpu.mainUs += us;
    else cpu.othersUs += us;
  }
  return cpu;
}
