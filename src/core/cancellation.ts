/**
 * Whether somebody still waits for an answer: as much of an `AbortSignal`, which is one too, as a search's way needs.
 * Node's own are dear to make and to listen to, and each search has one on either side of its way to a shard.
 */
export interface CancelSignal {
  readonly aborted: boolean;
  /** Once it is aborted. */
  readonly reason: Error;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A `CancelSignal`, and who may abort it, once. */
export class Cancellation implements CancelSignal {
  private readonly listeners = new Set<() => void>();
  private why: Error | undefined;
  aborted = false;

  get reason(): Error {
    return this.why ?? new DOMException('This operation was aborted', 'AbortError');
  }

  abort(reason?: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.why = reason;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Called once; not at all where it was aborted before. */
  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }
}

/** The same for what takes Node's own alone. It is listened to for as long as `signal` is there. */
export function abortSignalOf(signal: CancelSignal): AbortSignal {
  if (signal instanceof AbortSignal) return signal;
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  return controller.signal;
}
