import { EventLoop } from './event-loop.js';
import type { Host } from './host.js';

/** What a shard's event loop spends to say that it is alive, milliseconds. */
const STATUS_CPU_MS = 0.1;

/** A shard process: it answers one request after the other, and is killed, hangs and comes back. */
export class SimulatedShard {
  /** Requests answered. */
  answered = 0;
  private readonly loop: EventLoop;
  private readonly onKilled = new Set<() => void>();

  constructor(host: Host) {
    this.loop = new EventLoop(host);
  }

  get isDead(): boolean {
    return this.loop.isDead;
  }

  /** CPU milliseconds of all that it has done. */
  get busyMs(): number {
    return this.loop.busyMs;
  }

  /** Times what its work usually takes. */
  set slowness(times: number) {
    this.loop.slowness = times;
  }

  /**
   * Calls `answer` once after `cpuMs` of work, or `lost` when the process is killed before. What it returns
   * cancels the request: it is not begun any more.
   */
  ask(cpuMs: number, answer: () => void, lost: () => void): () => void {
    const end = (): boolean => this.onKilled.delete(lost);
    this.onKilled.add(lost);
    const cancel = this.loop.do(cpuMs, () => {
      this.answered += 1;
      end();
      answer();
    });
    return () => {
      end();
      cancel();
    };
  }

  /** Calls `answer` before what waits, as soon as the process does anything. */
  ping(answer: () => void): void {
    this.loop.doFirst(STATUS_CPU_MS, answer);
  }

  hang(): void {
    this.loop.hang();
  }

  goOn(): void {
    this.loop.goOn();
  }

  kill(): void {
    this.loop.kill();
    const lost = [...this.onKilled];
    this.onKilled.clear();
    for (const tell of lost) tell();
  }

  start(): void {
    this.loop.start();
  }
}
