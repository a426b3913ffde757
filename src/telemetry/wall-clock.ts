/** What the machine's clock may be put by before spans follow it: within a trace they are to stay in order. */
const DRIFT_MS = 20;

let offsetMs = performance.timeOrigin;

/** A time of `performance.now()` in nanoseconds since 1970, as text: a number does not hold it. */
export function unixNanos(nowMs: number): string {
  return `${Math.round((offsetMs + nowMs) * 1_000)}000`;
}

/** To be called now and then: the two clocks go apart, by seconds where a machine has slept. */
export function followClock(): void {
  const now = Date.now() - performance.now();
  if (Math.abs(now - offsetMs) > DRIFT_MS) offsetMs = now;
}
