/** How long a child may be silent. */
export interface HeartbeatTimes {
  intervalMs: number;
  /** Unanswered pings that make a child that works a hung one. */
  maxSilent: number;
  /** The same before it is ready, when it may read large files in one go. */
  maxSilentAtStart: number;
}

/**
 * Asks a child again and again whether it still answers. Pings are counted, not seconds: after a time
 * in which this process itself was stopped, nobody is late.
 */
export class Heartbeat {
  private readonly timer: NodeJS.Timeout;
  private silent = 0;
  private max: number;

  /** @param onHung called once, when the child has left too many pings unanswered */
  constructor(
    private readonly times: HeartbeatTimes,
    private readonly ping: () => void,
    private readonly onHung: (silentMs: number) => void,
  ) {
    this.max = times.maxSilentAtStart;
    this.timer = setInterval(() => this.beat(), times.intervalMs);
  }

  /** The child said something, whatever it is. */
  heard(): void {
    this.silent = 0;
  }

  /** The child is ready: from now on less is allowed. */
  started(): void {
    this.max = this.times.maxSilent;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private beat(): void {
    if (this.silent < this.max) {
      this.silent += 1;
      this.ping();
      return;
    }
    this.stop();
    this.onHung(this.silent * this.times.intervalMs);
  }
}
