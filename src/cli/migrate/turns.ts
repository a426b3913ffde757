/** Works on all, so many at a time; the first failure ends it once none is under way. */
export async function mapTurns<T>(
  all: readonly T[],
  atOnce: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const left = all.values();
  let failure: unknown;
  const turn = async (): Promise<void> => {
    for (const one of left) {
      if (failure !== undefined) return;
      await work(one).catch((error: unknown) => (failure ??= error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, turn));
  if (failure !== undefined) throw failure as Error;
}

/** Resolves once the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
