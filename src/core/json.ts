import { invalidField } from './errors.js';
import type { JsonObject, JsonValue } from './product.js';

/** Deeper nesting than any product has; bounds every recursion over stored documents. */
const MAX_DEPTH = 32;
const SHOWN_CHARACTERS = 60;
const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** A JSON object, as opposed to a list or a scalar. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as an error message shows it: short, and harmless whatever it is. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return `${value}`;
  if (typeof value !== 'string') return 'an object';
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
  return JSON.stringify(shown);
}

/**
 * Throws `invalid_field` when JSON that parsed cannot be kept as it was sent: a number that
 * overflowed (1e400) or whose digits were lost (an integer beyond 2^53), a string or key with half a
 * surrogate pair (has no UTF-8), nesting without end. `path` is how the caller wrote the place of
 * `value`.
 */
export function checkSound(value: JsonValue, path: string): void {
  const fault = findFault(value, MAX_DEPTH);
  if (fault === undefined) return;
  const place = fault.steps.reverse().reduce<string>((at, step) => {
    if (typeof step === 'number') return `${at}[${step}]`;
    return at === '' ? step : `${at}.${step}`;
  }, path);
  throw invalidField(place, fault.expected);
}

/** Throws `invalid_field` for text that UTF-8 cannot hold. */
export function checkText(text: string, path: string): void {
  const expected = textFault(text);
  if (expected !== undefined) throw invalidField(path, expected);
}

/** What is wrong, and the way to it from the inside out: paths are made for what is refused only. */
interface Fault {
  expected: string;
  steps: (string | number)[];
}

function findFault(value: JsonValue, depthLeft: number): Fault | undefined {
  if (typeof value === 'number') return faultOf(numberFault(value));
  if (typeof value === 'string') return faultOf(textFault(value));
  if (typeof value !== 'object' || value === null) return undefined;
  if (depthLeft === 0) return faultOf(`must be nested at most ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = findFault(value[i] as JsonValue, depthLeft - 1);
      if (fault !== undefined) return within(fault, i);
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const fault = faultOf(textFault(key)) ?? findFault(value[key] as JsonValue, depthLeft - 1);
    if (fault !== undefined) return within(fault, key);
  }
  return undefined;
}

function faultOf(expected: string | undefined): Fault | undefined {
  return expected === undefined ? undefined : { expected, steps: [] };
}

function within(fault: Fault, step: string | number): Fault {
  fault.steps.push(step);
  return fault;
}

function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return `must be a finite number, got ${value}`;
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return undefined;
  return 'must be a number up to 2^53 - 1, beyond which digits are lost: send it as a string';
}

function textFault(text: string): string | undefined {
  if (!UNPAIRED_SURROGATE.test(text)) return undefined;
  return 'must be well-formed Unicode, got an unpaired surrogate';
}
