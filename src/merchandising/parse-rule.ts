import { invalidField } from '../core/errors.js';
import { describeValue } from '../core/json.js';
import { parseFilter } from '../filter/parse-filter.js';
import { wordsInOrder } from '../text/parse-query.js';
import type { Pin, Rule, RuleBody } from './rule.js';

/** RFC 3339 with seconds and a zone; what the calendar does not have, `Date` refuses. */
const TIME =
  /^\d{4}-\d{2}-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;

/**
 * A rule of which the shape is known to be right. Throws `invalid_field` for what a schema cannot say;
 * `path` is put before the field's name.
 */
export function parseRule({ id, when, then }: RuleBody, path = ''): Rule {
  const { query, match, category, tags, from, to } = when;
  const { boost = [], filter, pinned = [], hidden = [], redirect, data } = then;
  checkQuery(when, path);
  const fromMs = from === undefined ? -Infinity : timeMs(from, `${path}when.from`);
  const toMs = to === undefined ? Infinity : timeMs(to, `${path}when.to`);
  if (fromMs >= toMs) {
    throw invalidField(`${path}when.to`, `must be after from, got ${describeValue(to)}`);
  }
  checkPins(pinned, `${path}then.pinned`);
  checkRedirect(redirect, `${path}then.redirect`);
  return {
    ...{ id, query, match: match ?? 'exact', category, tags, fromMs, toMs },
    ...{ pinned, hidden, redirect, data: data },
    boosts: boost.map((one, i) => ({
      filter: parseFilter(one.filter, `${path}then.boost[${i}].filter`),
      weight: one.weight,
    })),
    filter: filter === undefined ? undefined : parseFilter(filter, `${path}then.filter`),
  };
}

function checkQuery({ query, match }: RuleBody['when'], path: string): void {
  if (query === undefined && match !== undefined) {
    throw invalidField(`${path}when.query`, 'must be given where match is');
  }
  if (query !== undefined && wordsInOrder(query, 'none').length === 0) {
    throw invalidField(`${path}when.query`, `must have a word, got ${describeValue(query)}`);
  }
}

/** Milliseconds since 1970. Throws `invalid_field`. */
export function timeMs(text: string, path: string): number {
  const day = TIME.exec(text)?.[1];
  const ms = day === undefined ? NaN : Date.parse(text.toUpperCase());
  // `Date` takes February 30 for March.
  if (!Number.isNaN(ms) && dayExists(text)) return ms;
  const expected = 'must be an RFC 3339 time such as 2026-11-27T00:00:00Z';
  throw invalidField(path, `${expected}, got ${describeValue(text)}`);
}

function dayExists(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  return day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function checkPins(pinned: readonly Pin[], path: string): void {
  const positions = new Set<number>();
  const ids = new Set<string>();
  for (const [i, { id, position }] of pinned.entries()) {
    if (positions.has(position)) {
      throw invalidField(`${path}[${i}].position`, `must be given once, got ${position} again`);
    }
    if (ids.has(id)) {
      const expected = `must be pinned once, got ${describeValue(id)} again`;
      throw invalidField(`${path}[${i}].id`, expected);
    }
    positions.add(position);
    ids.add(id);
  }
}

/** A storefront goes where this says: never to a script. */
function checkRedirect(redirect: string | undefined, path: string): void {
  const scheme = SCHEME.exec(redirect ?? '')?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === 'http' || scheme === 'https') return;
  throw invalidField(path, `must be a path or an http address, got ${describeValue(redirect)}`);
}
