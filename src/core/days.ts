export const DAY_MS = 86_400_000;

/** The day of a moment, UTC: `2026-11-29`. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
