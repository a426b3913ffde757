/** How well something is, from best to worst; `unknown` is what the server does not tell, and no fault. */
export type Level = 'ok' | 'unknown' | 'warning' | 'critical';

/** What was looked at, and what was found. */
export interface Finding {
  check: string;
  level: Level;
  message: string;
}

/** As monitoring systems read it. */
const EXIT_CODES: Readonly<Record<Level, number>> = { ok: 0, unknown: 0, warning: 1, critical: 2 };

/** The exit code of the worst of them. */
export function exitCodeOf(findings: readonly Finding[]): number {
  return Math.max(0, ...findings.map(({ level }) => EXIT_CODES[level]));
}

/** What is worth telling. */
export function problemsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ level }) => EXIT_CODES[level] > 0);
}

/** A figure that is bad from a bound on, and worse from another. */
export function levelOf(value: number, warning: number, critical: number): Level {
  if (value >= critical) return 'critical';
  return value >= warning ? 'warning' : 'ok';
}
