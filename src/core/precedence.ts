/** So long a slice of long work waits at most: however many answers are worked on, it goes on. */
const PATIENCE_MS = 8;

let answering = 0;
const waiting = new Set<() => void>();

/** Runs `work`, whose answer somebody waits for: long works of this process give way to it. */
export async function takePrecedence<T>(work: () => Promise<T>): Promise<T> {
  answering += 1;
  try {
    return await work();
  } finally {
    answering -= 1;
    if (answering === 0) for (const goOn of waiting) goOn();
  }
}

/**
 * To be awaited between the slices of work that has time: until nobody waits for an answer, for some
 * milliseconds at most. Undefined: nobody does.
 */
export function giveWay(): Promise<void> | undefined {
  if (answering === 0) return undefined;
  return new Promise((resolve) => {
    const goOn = (): void => {
      clearTimeout(timer);
      waiting.delete(goOn);
      resolve();
    };
    const timer = setTimeout(goOn, PATIENCE_MS);
    waiting.add(goOn);
  });
}
