import { createHmac, timingSafeEqual } from 'node:crypto';
import { NAME } from '../../core/ids.js';
import { isObject } from '../../core/json.js';
import type { JsonObject } from '../../core/product.js';
import { OmniError } from '../../core/errors.js';
import { showsByOwnPrice } from '../narrowed-catalogue.js';
import { derivedGrant, NUMBERS, type Grant } from './key.js';
import type { KeyLimits } from './key-record.js';

const PREFIX = 'os1.';
/** A header is not much longer. */
const MAX_CHARACTERS = 8_192;
const FORM = /^os1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;
const MEMBERS: ReadonlySet<string> = new Set([
  'k',
  'g',
  'exp',
  'tenant',
  'filter',
  'exclude',
  'limits',
  'price_list',
]);
const MAX_EXCLUDED = 1_000;

/** A key that a shop's own server has made of a search key, for a page. */
export interface BrowserKey {
  /** What is signed. */
  text: string;
  signature: string;
  /** Of its parent. */
  parent: string;
  payload: JsonObject;
}

/** Whether it is meant to be one. */
export function isBrowserKey(token: string): boolean {
  return token.startsWith(PREFIX);
}

/** Undefined for what has not the form of one. */
export function readBrowserKey(token: string): BrowserKey | undefined {
  const form = token.length > MAX_CHARACTERS ? null : FORM.exec(token);
  const [, encoded, signature] = form ?? [];
  if (encoded === undefined || signature === undefined) return undefined;
  const payload = objectOf(Buffer.from(encoded, 'base64url').toString());
  const parent = payload?.['k'];
  if (payload === undefined || typeof parent !== 'string') return undefined;
  return { text: PREFIX + encoded, signature, parent, payload };
}

function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this signing key has signed it; takes the same time for every signature. */
export function isSignedBy({ text, signature }: BrowserKey, key: Buffer): boolean {
  // As text: of several texts that decode to the same bytes, one is right.
  const own = Buffer.from(createHmac('sha256', key).update(text).digest('base64url'));
  const asked = Buffer.from(signature);
  return own.length === asked.length && timingSafeEqual(own, asked);
}

/** Why it lets nobody in, though it is signed; undefined: it does. */
export function endedBecause(
  { payload }: BrowserKey,
  generation: number,
  nowMs: number,
): string | undefined {
  const { g, exp } = payload;
  if (g !== generation) return 'the browser key is of another generation';
  if (typeof exp !== 'number') return 'the browser key has no exp';
  return nowMs >= exp * 1_000 ? 'the browser key has expired' : undefined;
}

/**
 * What is left of its parent's grant: never more. Throws `invalid_field` for members that can not be understood, which
 * could have narrowed; `forbidden` for a tenant that its parent has not, and for a price list that would show more.
 */
export function browserGrant({ payload }: BrowserKey, parent: Grant): Grant {
  const unknown = Object.keys(payload).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw invalid(`${unknown} is not a known member`);
  const { tenant, filter, exclude = [], limits = {}, price_list: list } = payload;
  if (tenant !== undefined && typeof tenant !== 'string') throw invalid('tenant must be a string');
  if (!isListOfTexts(exclude)) throw invalid('exclude must be a list of strings');
  const own = limitsOf(limits);
  const priceList = listOf(list, parent);
  if (tenant !== undefined && parent.tenants?.includes(tenant) === false) {
    throw new OmniError('forbidden', `the key is not for the tenant ${tenant.slice(0, 64)}`);
  }
  const tenants = tenant === undefined ? undefined : [tenant];
  return derivedGrant(parent, { filter, exclude, limits: own, tenants, priceList });
}

function isListOfTexts(value: unknown): value is string[] {
  const isList = Array.isArray(value) && value.length <= MAX_EXCLUDED;
  return isList && value.every((one) => typeof one === 'string');
}

/** Of several lists the parent's holds. */
function listOf(name: unknown, { narrowing }: Grant): string | undefined {
  if (name === undefined) return undefined;
  if (typeof name !== 'string' || !NAME.pattern.test(name)) {
    throw invalid(`price_list must be ${NAME.expected}`);
  }
  if (narrowing === undefined || !showsByOwnPrice(narrowing)) return name;
  const message = 'the search key shows products by their own prices';
  throw new OmniError('forbidden', message, { field: 'price_list' });
}

function limitsOf(value: unknown): KeyLimits {
  if (!isObject(value)) throw invalid('limits must be an object');
  const limits: KeyLimits = {};
  for (const [name, limit] of Object.entries(value)) {
    const number = NUMBERS.find((one) => one === name);
    // Whole ones are counted: half a search more than a limit would be one.
    if (number !== undefined && typeof limit === 'number' && limit >= 1)
      limits[number] = Math.floor(limit);
    else if (name === 'exact' && typeof limit === 'boolean') limits.exact = limit;
    else throw invalid(`limits.${name.slice(0, 64)} is not a limit`);
  }
  return limits;
}

function invalid(what: string): OmniError {
  return new OmniError('invalid_field', `the browser key: ${what}`, { field: 'Authorization' });
}
