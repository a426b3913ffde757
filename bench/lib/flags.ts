import { parseArgs } from 'node:util';

/** A bench's own options: a default (which gives the type) and what it does. */
export type FlagSpecs = Record<string, { default: string | number | boolean; help: string }>;

type Widen<T> = T extends number ? number : T extends boolean ? boolean : string;

export type Flags<S extends FlagSpecs> = { [K in keyof S]: Widen<S[K]['default']> };

/** Options that every bench takes. An empty `json` means none is written. */
export const COMMON_FLAGS = {
  json: { default: '', help: 'also write the report to this file' },
  seed: { default: 42, help: 'seed of all data and traffic' },
  quick: { default: false, help: 'a short run, to see that it works; not for figures' },
} satisfies FlagSpecs;

/** Reads `--name value`. Throws an Error with one line for people on an unknown or malformed one. */
export function parseFlags<S extends FlagSpecs>(specs: S, args: readonly string[]): Flags<S> {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => [
        name,
        { type: typeof spec.default === 'boolean' ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
  });
  const flags = Object.entries(specs).map(([name, spec]) => {
    const given = values[name];
    if (given === undefined || typeof spec.default !== 'number') {
      return [name, given ?? spec.default];
    }
    const number = Number(given);
    if (given === '' || !Number.isFinite(number)) throw new Error(`--${name} must be a number`);
    return [name, number];
  });
  return Object.fromEntries(flags) as Flags<S>;
}

export function describeFlags(specs: FlagSpecs): string {
  return Object.entries(specs)
    .map(([name, spec]) => {
      const fallback = spec.default === '' || spec.default === false ? '' : String(spec.default);
      return `  --${name.padEnd(14)} ${spec.help}${fallback === '' ? '' : ` (${fallback})`}`;
    })
    .join('\n');
}

/** "10,20" to numbers. */
export function numberList(text: string): number[] {
  return text.split(',').map((part) => {
    const number = Number(part);
    if (part.trim() === '' || !Number.isFinite(number)) throw new Error(`not a number: "${part}"`);
    return number;
  });
}
