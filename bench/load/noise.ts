import { Worker } from 'node:worker_threads';
import { cpus } from 'node:os';
import { readMachineCpu, treeCpuMs } from '../lib/processes.js';

/**
 * A busy timer: every 20 ms it reads the clock without pause for half a millisecond. The longest
 * gap between two readings is time that something else took from it.
 */
const BUSY_TIMER_SOURCE = `
const { parentPort } = require('node:worker_threads');
let gapsMs = [];
setInterval(() => {
  const start = performance.now();
  let last = start, longest = 0;
  for (;;) {
    const now = performance.now();
    if (now - last > longest) longest = now - last;
    if (now - start >= 0.5) break;
    last = now;
  }
  gapsMs.push(longest);
}, 20);
parentPort.on('message', () => { parentPort.postMessage(gapsMs); gapsMs = []; });`;

/** What was seen beside a stretch of work. Shares are of all cores, 0 to 1. */
export interface NoiseSample {
  /** Longest gap of a busy timer, a typical burst and the worst of a hundred. */
  jitter_p50_us: number;
  jitter_p99_us: number;
  /** CPU taken by processes that are not the bench's own or its children. */
  foreign_cpu: number;
  /** CPU that the hypervisor gave to others. */
  stolen_cpu: number;
  /** CPU of the bench and its children. */
  own_cpu: number;
}

export interface NoiseReport extends NoiseSample {
  noisy: boolean;
  reasons: string[];
}

/** Above these, a median of a millisecond may be off by more than the 15 % that two runs may differ. */
const LIMITS = { foreignCores: 0.2, stolenCpu: 0.03, jitterP50Us: 100, jitterP99Us: 1500 };

/**
 * Whether medians measured beside this may be trusted. The busy timer counts only while the bench
 * itself leaves the machine room: on saturated cores it measures the bench's own load.
 */
export function judgeNoise(sample: NoiseSample, cores = cpus().length): NoiseReport {
  const reasons: string[] = [];
  if (sample.foreign_cpu * cores > LIMITS.foreignCores) {
    reasons.push(`others used ${(sample.foreign_cpu * cores).toFixed(2)} cores`);
  }
  if (sample.stolen_cpu > LIMITS.stolenCpu) {
    reasons.push(`the hypervisor took ${(sample.stolen_cpu * 100).toFixed(0)} % of the CPU`);
  }
  if (sample.own_cpu < 0.5) {
    if (sample.jitter_p50_us > LIMITS.jitterP50Us) {
      reasons.push(`a busy timer was held up ${sample.jitter_p50_us.toFixed(0)} µs at p50`);
    }
    if (sample.jitter_p99_us > LIMITS.jitterP99Us) {
      reasons.push(`a busy timer was held up ${sample.jitter_p99_us.toFixed(0)} µs at p99`);
    }
  }
  return { ...sample, noisy: reasons.length > 0, reasons };
}

/** Measures noise from one `lap` to the next, beside whatever the bench does. */
export class NoiseMeter {
  private readonly timer = new Worker(BUSY_TIMER_SOURCE, { eval: true });
  private cpu = readMachineCpu();
  private ownMs = treeCpuMs(process.pid);

  /** Ends one stretch, returns its noise, starts the next. */
  async lap(): Promise<NoiseReport> {
    const gapsMs = await new Promise<number[]>((resolve) => {
      this.timer.once('message', resolve);
      this.timer.postMessage('lap');
    });
    const cpu = readMachineCpu();
    const ownMs = treeCpuMs(process.pid);
    const totalMs = Math.max(1, cpu.totalMs - this.cpu.totalMs);
    const busyMs = cpu.busyMs - this.cpu.busyMs;
    const ownBusyMs = Math.max(0, ownMs - this.ownMs);
    const sorted = gapsMs.sort((a, b) => a - b);
    const at = (share: number): number => 1000 * (sorted[Math.floor(share * sorted.length)] ?? 0);
    const report = judgeNoise({
      jitter_p50_us: at(0.5),
      jitter_p99_us: at(0.99),
      foreign_cpu: Math.max(0, busyMs - ownBusyMs) / totalMs,
      stolen_cpu: (cpu.stolenMs - this.cpu.stolenMs) / totalMs,
      own_cpu: ownBusyMs / totalMs,
    });
    this.cpu = cpu;
    this.ownMs = ownMs;
    return report;
  }

  async close(): Promise<void> {
    await this.timer.terminate();
  }
}
