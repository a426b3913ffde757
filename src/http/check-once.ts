import { invalidField } from '../core/errors.js';
import { describeValue } from '../core/json.js';

/** Throws `invalid_field` where a name stands twice in a list; `place` is where the i-th is written. */
export function checkOnce(
  names: readonly string[] | undefined,
  place: (index: number) => string,
): void {
  const seen = new Set<string>();
  for (const [i, name] of (names ?? []).entries()) {
    if (seen.has(name))
      throw invalidField(place(i), `must be named once, got ${describeValue(name)} again`);
    seen.add(name);
  }
}
