import { setImmediate as nextTurn } from 'node:timers/promises';

/** Events between two turns of the real event loop: signals and the progress line want to be heard. */
const EVENTS_A_TURN = 20_000;

interface Event {
  atMs: number;
  /** Events of the same moment happen in the order in which they were set. */
  order: number;
  happen: () => void;
  isOff: boolean;
}

/**
 * Virtual time of a discrete-event model: it stands still while anything happens, and goes to the next event
 * when nothing is left to do. Events lie in a binary heap: O(log n) each, and one that is called off stays there
 * until its time.
 */
export class EventClock {
  private timeMs = 0;
  private orders = 0;
  private readonly heap: Event[] = [];

  /** Milliseconds since the start. */
  readonly now = (): number => this.timeMs;

  /** Has `happen` called once, in `afterMs`; what it returns calls that off. */
  readonly after = (afterMs: number, happen: () => void): (() => void) => {
    const event: Event = {
      atMs: this.timeMs + Math.max(0, afterMs),
      order: this.orders++,
      happen,
      isOff: false,
    };
    this.push(event);
    return () => {
      event.isOff = true;
      // What it holds on to is free before its time.
      event.happen = nothing;
    };
  };

  sleep(forMs: number): Promise<void> {
    return new Promise((resolve) => this.after(forMs, resolve));
  }

  /** Lets everything happen up to `untilMs`, with what follows from it in promises. */
  async run(untilMs: number): Promise<void> {
    let happened = 0;
    await settled();
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.pop();
      if (next.isOff) continue;
      this.timeMs = next.atMs;
      next.happen();
      await settled();
      if (++happened % EVENTS_A_TURN === 0) await nextTurn();
    }
    this.timeMs = Math.max(this.timeMs, untilMs);
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Event;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function nothing(): void {
  // Called off.
}

/**
 * Resolves when no promise has anything left to do: Node runs its ticks only when all microtasks are through.
 * A turn of `setImmediate` would do, and takes twenty times as long.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
