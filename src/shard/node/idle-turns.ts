import { setImmediate as afterIo, setTimeout as sleep } from 'node:timers/promises';

/** How long to wait when there is something better to do. */
const BUSY_PAUSE_MS = 5;
/** Parts of one core that may be worked: where callers search, and where none has for a while. */
const SHARE = { searching: 0.1, calm: 0.5 } as const;

/** What a shard is wanted for. */
export interface Demand {
  /** A search runs or waits. */
  isBusy: () => boolean;
  /** None has come for a while. */
  isCalm: () => boolean;
}

/**
 * Turns of the event loop for work that nobody waits for: only while nothing else runs, and together
 * at most a share of the time.
 */
export class IdleTurns {
  private readonly stop = new AbortController();
  private startedMs: number | undefined;
  private workedMs = 0;

  /** @param share at most this part of the time is worked, above 0 up to 1, whatever the demand */
  constructor(
    private readonly demand: Demand,
    private readonly share?: number,
  ) {}

  /** Resolves at the start of a turn; what its caller does then should take a millisecond. */
  readonly next = async (): Promise<void> => {
    const { signal } = this.stop;
    const options = { signal, ref: false };
    this.end();
    const share = this.share ?? (this.demand.isCalm() ? SHARE.calm : SHARE.searching);
    const pauseMs = this.workedMs * (1 / share - 1);
    this.workedMs = 0;
    if (pauseMs > 0) await sleep(pauseMs, undefined, options);
    // After it, requests that have arrived were read, and so have made it busy.
    await afterIo(undefined, { signal });
    while (this.demand.isBusy()) await sleep(BUSY_PAUSE_MS, undefined, options);
    this.startedMs = performance.now();
  };

  /** The last turn for now is over. */
  end(): void {
    if (this.startedMs !== undefined) this.workedMs = performance.now() - this.startedMs;
    this.startedMs = undefined;
  }

  isClosed(): boolean {
    return this.stop.signal.aborted;
  }

  /** Whoever waits for a turn gets an `AbortError`. */
  close(): void {
    this.stop.abort();
  }
}
