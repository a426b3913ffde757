export const DAY_MS = 86_400_000;

/** Days since 1970 began, UTC. */
export function dayNumber(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** The day of a moment, UTC: `2026-11-29`. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
