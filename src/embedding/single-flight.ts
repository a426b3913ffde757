/** A computation that was started, and how to give it up. */
export interface Flight<T> {
  result: Promise<T>;
  /** False when it is too late: the result will come. */
  cancel(): boolean;
}

interface Entry<T> {
  flight: Flight<T>;
  waiters: number;
}

/**
 * Equal computations at the same time run once. Whoever waits may leave; the computation is given
 * up only when the last one has left.
 */
export class SingleFlight<T> {
  readonly #entries = new Map<string, Entry<T>>();

  /** True when `key` is being computed. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Registers a computation that has just been started; `join` it next. */
  start(key: string, flight: Flight<T>): void {
    const entry = { flight, waiters: 0 };
    this.#entries.set(key, entry);
    const forget = (): void => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    flight.result.then(forget, forget);
  }

  /** Waits for the computation of `key`, which must be running. Call `leave` exactly once. */
  join(key: string): { result: Promise<T>; leave: () => void } {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new Error('nothing is being computed under this key');
    entry.waiters++;
    const leave = (): void => {
      entry.waiters--;
      if (entry.waiters > 0 || this.#entries.get(key) !== entry) return;
      if (entry.flight.cancel()) this.#entries.delete(key);
    };
    return { result: entry.flight.result, leave };
  }
}
