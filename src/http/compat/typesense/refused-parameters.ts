import type { Parameters } from '../parameters.js';

const NOT_SERVED: readonly (readonly [prefix: RegExp, why: string])[] = [
  [/^union$/, 'searches are answered one by one'],
  [/^conversation/, 'there is no conversation'],
  [/^nl_/, 'a query is understood without it'],
  [/^voice_query$/, 'only text is searched for'],
];
const NOTHING: ReadonlySet<unknown> = new Set([false, 'false', '', null]);

/** Throws `invalid_field` for a parameter that would change what a search means, and is not served. */
export function refuseUnserved(parameters: Parameters): void {
  for (const name of parameters.names) {
    const [, why] = NOT_SERVED.find(([pattern]) => pattern.test(name)) ?? [];
    if (why !== undefined) parameters.refuse(name, why, NOTHING);
  }
}
