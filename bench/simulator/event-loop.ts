import type { Host } from './host.js';

interface Task {
  cpuMs: number;
  done: () => void;
}

/**
 * A process with one thread: it does one thing after the other, in the order they came, on its host's cores.
 *
 *   running ──hang()──> hung ──goOn()──> running
 *      └──kill()──> dead ──start()──> running, with nothing of what it had to do
 */
export class EventLoop {
  /** CPU milliseconds of all that it has done. */
  busyMs = 0;
  /** What its work takes, in times of the usual. */
  slowness = 1;
  private current: Task | undefined;
  private takeBack: (() => number) | undefined;
  private waiting: Task[] = [];
  private state: 'running' | 'hung' | 'dead' = 'running';

  constructor(private readonly host: Host) {}

  get isDead(): boolean {
    return this.state === 'dead';
  }

  /** Done or doing nothing at all. */
  get length(): number {
    return this.waiting.length + (this.current === undefined ? 0 : 1);
  }

  /** Calls `done` after `cpuMs` of work that begins when all before it is done; never where the process dies. */
  do(cpuMs: number, done: () => void): () => void {
    const task = { cpuMs, done };
    if (this.state === 'dead') return () => undefined;
    this.waiting.push(task);
    this.next();
    return () => this.forget(task);
  }

  /** As `do`, before all that waits: what the kernel or a look at the socket comes to between two works. */
  doFirst(cpuMs: number, done: () => void): void {
    if (this.state === 'dead') return;
    this.waiting.unshift({ cpuMs, done });
    this.next();
  }

  hang(): void {
    if (this.state !== 'running') return;
    this.state = 'hung';
    this.stop();
  }

  goOn(): void {
    if (this.state !== 'hung') return;
    this.state = 'running';
    this.next();
  }

  kill(): void {
    this.stop();
    this.state = 'dead';
    this.waiting = [];
  }

  start(): void {
    if (this.state === 'dead') this.state = 'running';
  }

  private stop(): void {
    const { current } = this;
    if (current === undefined) return;
    const leftMs = this.takeBack?.() ?? 0;
    this.busyMs -= leftMs;
    this.current = undefined;
    this.waiting.unshift({ cpuMs: leftMs / this.slowness, done: current.done });
  }

  private next(): void {
    if (this.state !== 'running' || this.current !== undefined) return;
    const task = this.waiting.shift();
    if (task === undefined) return;
    const cpuMs = task.cpuMs * this.slowness;
    this.current = task;
    this.busyMs += cpuMs;
    this.takeBack = this.host.work(cpuMs, () => {
      this.current = undefined;
      task.done();
      this.next();
    });
  }

  /** What has begun is done all the same. */
  private forget(task: Task): void {
    const index = this.waiting.indexOf(task);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}
