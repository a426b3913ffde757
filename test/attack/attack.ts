import type { Target } from './target.js';

/** What an attack found, beside the quiet shop's own searches. */
export interface Finding {
  /** What was to hold. */
  bar: string;
  held: boolean;
  seen: string;
}

/** One way to hurt others; `seconds` is about how long it goes on. */
export interface Attack {
  name: string;
  run(target: Target, seconds: number): Promise<Finding[]>;
}

export function finding(bar: string, held: boolean, seen: string | number): Finding {
  return { bar, held, seen: String(seen) };
}
